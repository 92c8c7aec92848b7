package io.sparse24.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Host memory that its session's device copies from and to without staging it, allocated by {@link
 * Session#allocateHost}: what {@link Session#copyAsync} needs to be asynchronous. Closing its
 * session frees it too.
 */
public final class PinnedBuffer extends HostBuffer implements AutoCloseable {
  private final Session session;
  private final Arena arena;

  PinnedBuffer(Session session, Arena arena, MemorySegment segment) {
    super(segment);
    this.session = session;
    this.arena = arena;
  }

  Session session() {
    return session;
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
      session.free(this);
    }
  }
}
