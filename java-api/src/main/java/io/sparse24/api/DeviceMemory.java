package io.sparse24.api;

import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * A session's device buffers, and what its queued work still reads. The session guards every call.
 */
final class DeviceMemory {
  private final Session session;
  private final BackendSession backend;
  private final Set<DeviceBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Object> queued = new ArrayList<>();

  DeviceMemory(Session session, BackendSession backend) {
    this.session = session;
    this.backend = backend;
  }

  DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = new DeviceBuffer(session, backend.allocate(Math.max(bytes, 1)), bytes);
    buffers.add(buffer);
    return buffer;
  }

  void free(DeviceBuffer buffer) {
    if (buffers.remove(buffer)) {
      backend.free(buffer.address());
    }
  }

  void freeAll() {
    try {
      for (DeviceBuffer buffer : buffers) {
        backend.free(buffer.address());
      }
    } finally {
      buffers.clear();
    }
  }

  void copy(Buffer from, Buffer to) {
    if (from instanceof HostBuffer source && to instanceof HostBuffer target) {
      MemorySegment.copy(source.segment(), 0, target.segment(), 0, source.byteSize());
    } else if (from instanceof HostBuffer source && to instanceof DeviceBuffer target) {
      queued.add(source);
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

  /** The queued work is over, however it went. */
  void settled() {
    queued.clear();
  }

  DeviceBuffer owned(String what, DeviceBuffer buffer) {
    if (buffer.session() != session) {
      throw new IllegalArgumentException(what + ": belongs to another session");
    }
    return buffer;
  }
}
