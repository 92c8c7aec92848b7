package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendSession;
import org.jspecify.annotations.Nullable;

/**
 * What every operation needs of its session. An operation checks its arguments, enters, checks that
 * its operands are open and where the backend takes them, which no other thread changes from then
 * on, and calls the backend.
 */
final class Calls {
  private final BackendSession backend;
  private final String name;
  private final boolean hostMemory;
  private final Guard guard;
  private final Kernels kernels;
  private final DeviceMemory memory;
  private boolean allowNonFinite;

  Calls(BackendSession backend, Guard guard, Kernels kernels, DeviceMemory memory) {
    this.backend = backend;
    this.name = backend.info().backend();
    this.hostMemory = backend.info().hostMemory();
    this.guard = guard;
    this.kernels = kernels;
    this.memory = memory;
  }

  BackendSession backend() {
    return backend;
  }

  /** The backend's name. */
  String name() {
    return name;
  }

  Turn enter() {
    return guard.enter();
  }

  boolean allowNonFinite() {
    return allowNonFinite;
  }

  void allowNonFinite(boolean allow) {
    try (Turn _ = guard.enter()) {
      allowNonFinite = allow;
    }
  }

  int kernel(Op op, DType dtype) {
    return kernels.forced(op, dtype, dtype);
  }

  int kernel(Op op, DType dtype, DType xDtype) {
    return kernels.forced(op, dtype, xDtype);
  }

  void place(String what, @Nullable Matrix matrix) {
    if (matrix != null) {
      place(what, matrix.buffer());
    }
  }

  void place(String what, Mask mask) {
    place(what, mask.buffer());
  }

  void place(String what, Packed24 packed) {
    place(what, packed.buffer());
  }

  void place(String what, Buffer buffer) {
    Capture recorded = guard.capture();
    if (recorded != null) {
      recorded.uses(buffer);
    }
    if (hostMemory) {
      if (!(buffer instanceof HostBuffer)) {
        throw new IllegalArgumentException(
            what + ": is in device memory, backend " + name + " takes host memory");
      }
    } else if (buffer instanceof DeviceBuffer device) {
      device.requireOpen();
      memory.owned(what, device);
    } else {
      throw new IllegalArgumentException(
          what
              + ": is in host memory, backend "
              + name
              + " takes device memory (Session.allocateDevice, Session.copy)");
    }
  }

  /** That a weight was packed by this backend. */
  void packed(String what, Packed24 packed) {
    if (!packed.backend().equals(name)) {
      throw new IllegalArgumentException(
          what
              + ": was packed for backend "
              + packed.backend()
              + ", this session's is "
              + name
              + "; pack it with this session");
    }
  }
}
