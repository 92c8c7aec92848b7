package io.sparse24.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Host memory that its session's device copies from and to without staging it, allocated by {@link
 * Session#allocateHost}: what {@link Session#copyAsync} needs to be asynchronous. Closing its
 * session frees it too.
 */
public final class PinnedBuffer extends HostBuffer implements AutoCloseable {
  private final DeviceMemory memory;
  private final Arena arena;

  PinnedBuffer(DeviceMemory memory, Arena arena, MemorySegment segment) {
    super(segment);
    this.memory = memory;
    this.arena = arena;
  }

  DeviceMemory memory() {
    return memory;
  }

  /** From here on the segment can't be looked at; the memory is freed by the backend. */
  void closeArena() {
    arena.close();
  }

  /**
   * Waits for the session's queued work, which may be a copy from or to it, and frees the memory. A
   * second call does nothing.
   */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      memory.free(this);
    }
  }
}
