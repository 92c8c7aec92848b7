package io.sparse24.api;

import io.sparse24.api.spi.BackendEvent;
import java.util.concurrent.atomic.AtomicLong;

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

  BackendEvent destroyed() {
    return handle;
  }

  /** True for who closes it. */
  synchronized boolean markClosed() {
    boolean first = !closed;
    closed = true;
    return first;
  }

  /** Frees it; what already waits for it still does. A second call does nothing. */
  @Override
  public void close() {
    queue.free(this);
  }
}
