package io.sparse24.api;

import io.sparse24.api.spi.BackendEvent;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A place in the queue of a session, made by {@link Session#event}: where {@link Session#record}
 * was called last. Sessions of one backend may wait for each other's events. Closing the session
 * that made it closes it too.
 */
public final class Event implements AutoCloseable {
  private static final AtomicLong MADE = new AtomicLong();

  private final long number = MADE.getAndIncrement();
  private final WorkQueue queue;
  private final BackendEvent handle;
  private boolean closed;
  private int holders = 1; // itself while it is open, and each graph that has it

  Event(WorkQueue queue, BackendEvent handle) {
    this.queue = queue;
    this.handle = handle;
  }

  /** Another one of each event. */
  long number() {
    return number;
  }

  WorkQueue queue() {
    return queue;
  }

  /** Held while it is used: another session's thread may close it. */
  synchronized BackendEvent handle() {
    if (closed) {
      throw new IllegalStateException("this event is closed");
    }
    return handle;
  }

  /** For a graph, which the backend's event must outlive. */
  synchronized void hold() {
    handle();
    holders++;
  }

  /** The backend's event if nobody holds it any more, who lets go of it last destroys it. */
  synchronized @Nullable BackendEvent release() {
    holders--;
    return holders == 0 ? handle : null;
  }

  /** True for who closes it. */
  synchronized boolean markClosed() {
    boolean first = !closed;
    closed = true;
    return first;
  }

  /**
   * Frees it; what already waits for it still does, and a graph that records it or waits for it can
   * not be launched any more. A second call does nothing.
   */
  @Override
  public void close() {
    queue.free(this);
  }
}
