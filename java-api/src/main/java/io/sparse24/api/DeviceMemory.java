package io.sparse24.api;

import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * A session's device buffers and pinned ones, and what its queued work still uses. The session
 * guards every call.
 */
final class DeviceMemory {
  private final Session session;
  private final BackendSession backend;
  private final Set<DeviceBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<PinnedBuffer> pinned = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Object> queued = Collections.newSetFromMap(new IdentityHashMap<>());

  DeviceMemory(Session session, BackendSession backend) {
    this.session = session;
    this.backend = backend;
  }

  DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = new DeviceBuffer(session, backend.allocate(Math.max(bytes, 1)), bytes);
    buffers.add(buffer);
    return buffer;
  }

  @SuppressWarnings("MustBeClosedChecker") // the buffer closes it
  PinnedBuffer allocateHost(long bytes) {
    Arena arena = Arena.ofShared();
    PinnedBuffer buffer;
    try {
      MemorySegment memory = backend.allocateHost(arena, bytes).fill((byte) 0);
      buffer = new PinnedBuffer(session, arena, memory);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
    pinned.add(buffer);
    return buffer;
  }

  /** First out of the caller's sight, so that nobody looks at what is freed. */
  void free(PinnedBuffer buffer) {
    if (pinned.contains(buffer)) {
      buffer.closeArena();
      pinned.remove(buffer);
      backend.freeHost(buffer.segment());
    }
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
      for (PinnedBuffer buffer : List.copyOf(pinned)) {
        free(buffer);
      }
    } finally {
      buffers.clear();
    }
  }

  void copy(Buffer from, Buffer to) {
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

  /** Whether {@link #copyAsync} queues: one side is the device's, the other is pinned here. */
  boolean asynchronous(Buffer from, Buffer to) {
    return (pinnedHere(from) && to instanceof DeviceBuffer)
        || (from instanceof DeviceBuffer && pinnedHere(to));
  }

  private boolean pinnedHere(Buffer buffer) {
    return buffer instanceof PinnedBuffer host && host.session() == session;
  }

  void copyAsync(Buffer from, Buffer to) {
    if (!asynchronous(from, to)) {
      copy(from, to);
      return;
    }
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
    if (buffer.session() != session) {
      throw new IllegalArgumentException(what + ": belongs to another session");
    }
    return buffer;
  }
}
