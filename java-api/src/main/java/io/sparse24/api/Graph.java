package io.sparse24.api;

import io.sparse24.api.spi.BackendGraph;
import java.util.Collection;
import java.util.List;

/**
 * Operations that were recorded once, by {@link Session#capture}, to be queued again and again by
 * one call. It belongs to its session, and to that session's thread. Closing the session closes it
 * too.
 */
public final class Graph implements AutoCloseable {
  private final WorkQueue queue;
  private final BackendGraph handle;
  private final List<Buffer> buffers;
  private final List<Event> events;
  private boolean closed;

  Graph(
      WorkQueue queue, BackendGraph handle, Collection<Buffer> buffers, Collection<Event> events) {
    this.queue = queue;
    this.handle = handle;
    this.buffers = List.copyOf(buffers);
    this.events = List.copyOf(events);
  }

  /** The session's to launch; throws if this or anything that its operations touch is closed. */
  BackendGraph ready() {
    if (closed) {
      throw new IllegalStateException("this graph is closed");
    }
    buffers.forEach(Buffer::requireOpen);
    events.forEach(Event::handle);
    return handle;
  }

  /** Held until it is destroyed. */
  List<Event> events() {
    return events;
  }

  BackendGraph handle() {
    return handle;
  }

  boolean markClosed() {
    boolean first = !closed;
    closed = true;
    return first;
  }

  /**
   * Queues the operations, on what is in their buffers when they run. What goes wrong in them is
   * reported by the next {@link Session#synchronize}.
   *
   * @throws IllegalStateException if this, its session, or a buffer or event of its operations is
   *     closed
   */
  public void launch() {
    queue.launch(this);
  }

  /** Frees it once what is queued is done. A second call does nothing. */
  @Override
  public void close() {
    queue.free(this);
  }
}
