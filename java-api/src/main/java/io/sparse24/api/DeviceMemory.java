package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** A session's device buffers and pinned ones, and what its queued work still uses. */
final class DeviceMemory {
  private final BackendSession backend;
  private final Guard guard;
  private final Set<DeviceBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<PinnedBuffer> pinned = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Object> queued = Collections.newSetFromMap(new IdentityHashMap<>());

  DeviceMemory(BackendSession backend, Guard guard) {
    this.backend = backend;
    this.guard = guard;
  }

  DeviceBuffer allocate(long bytes) {
    Checks.bytes(bytes);
    try (Turn _ = guard.enterToWait("allocateDevice")) {
      long address = backend.allocate(Math.max(bytes, 1));
      DeviceBuffer buffer = new DeviceBuffer(this, address, bytes);
      buffers.add(buffer);
      return buffer;
    }
  }

  PinnedBuffer allocateHost(long bytes) {
    Checks.bytes(bytes);
    try (Turn _ = guard.enterToWait("allocateHost")) {
      PinnedBuffer buffer = pin(bytes);
      pinned.add(buffer);
      return buffer;
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the buffer closes it
  private PinnedBuffer pin(long bytes) {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment memory = backend.allocateHost(arena, bytes).fill((byte) 0);
      return new PinnedBuffer(this, arena, memory);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  void free(DeviceBuffer buffer) {
    try (Turn _ = guard.enterEvenIfClosed()) {
      if (!guard.closed()) { // else its close has freed it
        guard.outsideCapture("to close a buffer");
        release(buffer);
      }
    }
  }

  private void release(DeviceBuffer buffer) {
    if (buffers.remove(buffer)) {
      long address = buffer.address();
      buffer.markClosed();
      backend.free(address);
    }
  }

  void free(PinnedBuffer buffer) {
    try (Turn _ = guard.enterEvenIfClosed()) {
      if (!guard.closed()) {
        guard.outsideCapture("to close a buffer");
        unpin(buffer);
      }
    }
  }

  /** First out of the caller's sight, so that nobody looks at what is freed. */
  private void unpin(PinnedBuffer buffer) {
    if (pinned.contains(buffer)) {
      buffer.closeArena();
      pinned.remove(buffer);
      backend.freeHost(buffer.segment());
    }
  }

  void freeAll(Failures failures) {
    for (DeviceBuffer buffer : List.copyOf(buffers)) {
      failures.guard(() -> release(buffer));
    }
    for (PinnedBuffer buffer : List.copyOf(pinned)) {
      failures.guard(() -> unpin(buffer));
    }
  }

  void copy(Buffer from, Buffer to) {
    checkCopy(from, to);
    try (Turn _ = guard.enterToWait("copy")) {
      copyAndWait(from, to);
    }
  }

  private static void checkCopy(Buffer from, Buffer to) {
    if (to.byteSize() < from.byteSize()) {
      throw new IllegalArgumentException(
          "to: has " + to.byteSize() + " bytes, must have at least " + from.byteSize());
    }
    if (to instanceof HostBuffer host) {
      Checks.writable("to", host.segment());
    }
  }

  private void copyAndWait(Buffer from, Buffer to) {
    if (from instanceof HostBuffer source && to instanceof HostBuffer target) {
      MemorySegment.copy(source.segment(), 0, target.segment(), 0, source.byteSize());
    } else if (from instanceof HostBuffer source && to instanceof DeviceBuffer target) {
      backend.copyToDevice(source.segment(), owned("to", target).address());
    } else if (from instanceof DeviceBuffer source && to instanceof HostBuffer target) {
      long address = owned("from", source).address();
      try {
        backend.copyToHost(address, target.segment().asSlice(0, source.byteSize()));
      } finally {
        settled(); // it waits for what was queued before
      }
    } else {
      throw new IllegalArgumentException("from, to: both are on the device; copy through the host");
    }
  }

  /** One side is the device's, the other is pinned here. */
  private boolean asynchronous(Buffer from, Buffer to) {
    return (pinnedHere(from) && to instanceof DeviceBuffer)
        || (from instanceof DeviceBuffer && pinnedHere(to));
  }

  private boolean pinnedHere(Buffer buffer) {
    return buffer instanceof PinnedBuffer host && host.memory() == this;
  }

  void copyAsync(Buffer from, Buffer to) {
    checkCopy(from, to);
    try (Turn _ = guard.enter()) {
      boolean asynchronous = asynchronous(from, to);
      Capture recorded = guard.capture();
      if (recorded != null) {
        if (!asynchronous) {
          throw new IllegalArgumentException(
              "from, to: a graph copies between the device and memory of Session.allocateHost");
        }
        recorded.uses(from);
        recorded.uses(to);
      }
      if (asynchronous) {
        copyBehind(from, to);
      } else {
        copyAndWait(from, to);
      }
    }
  }

  private void copyBehind(Buffer from, Buffer to) {
    queued.add(from);
    queued.add(to);
    if (from instanceof PinnedBuffer source && to instanceof DeviceBuffer target) {
      backend.copyToDeviceAsync(source.segment(), owned("to", target).address());
    } else if (from instanceof DeviceBuffer source && to instanceof PinnedBuffer target) {
      backend.copyToHostAsync(
          owned("from", source).address(), target.segment().asSlice(0, source.byteSize()));
    }
  }

  /** Keeps it reachable until the queued work is over. */
  void hold(Object used) {
    queued.add(used);
  }

  /** The queued work is over, however it went. */
  void settled() {
    queued.clear();
  }

  DeviceBuffer owned(String what, DeviceBuffer buffer) {
    if (buffer.memory() != this) {
      throw new IllegalArgumentException(what + ": belongs to another session");
    }
    return buffer;
  }
}
