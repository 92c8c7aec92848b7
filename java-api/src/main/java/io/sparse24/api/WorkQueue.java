package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendEvent;
import io.sparse24.api.spi.BackendGraph;
import io.sparse24.api.spi.BackendSession;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;

/** A session's queue: its events, and the graphs that were recorded of it. */
final class WorkQueue {
  private final BackendSession backend;
  private final String name;
  private final Guard guard;
  private final DeviceMemory memory;
  private final Set<Event> events = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Graph> graphs = Collections.newSetFromMap(new IdentityHashMap<>());

  WorkQueue(BackendSession backend, Guard guard, DeviceMemory memory) {
    this.backend = backend;
    this.name = backend.info().backend();
    this.guard = guard;
    this.memory = memory;
  }

  long address() {
    try (Turn _ = guard.enter()) {
      return backend.queue();
    }
  }

  Event event() {
    try (Turn _ = guard.enter()) {
      Event event = new Event(this, backend.createEvent());
      events.add(event);
      return event;
    }
  }

  void record(Event event) {
    try (Turn _ = guard.enter()) {
      synchronized (event) {
        backend.record(handle("event", event));
      }
    }
  }

  void waitFor(Event event) {
    try (Turn _ = guard.enter()) {
      synchronized (event) {
        backend.waitFor(handle("event", event));
      }
    }
  }

  void synchronize(Event event) {
    try (Turn _ = guard.enterToWait("synchronize")) {
      synchronized (event) {
        backend.synchronize(handle("event", event));
      }
    }
  }

  double elapsed(Event start, Event end) {
    try (Turn _ = guard.enterToWait("elapsed")) {
      // In one order everywhere, or two threads with the same events could wait for each other.
      boolean inOrder = start.number() <= end.number();
      synchronized (inOrder ? start : end) {
        synchronized (inOrder ? end : start) {
          return backend.elapsed(handle("start", start), handle("end", end));
        }
      }
    }
  }

  private BackendEvent handle(String what, Event event) {
    String other = event.queue().name;
    if (!other.equals(name)) {
      throw new IllegalArgumentException(
          what + ": is of backend " + other + ", this session's is " + name);
    }
    Capture recorded = guard.capture();
    if (recorded != null) {
      recorded.uses(event);
    }
    return event.handle();
  }

  void free(Event event) {
    try (Turn _ = guard.enterEvenIfClosed()) {
      if (!guard.closed()) { // else its close has freed it
        guard.outsideCapture("to close an event");
        if (events.remove(event) && event.markClosed()) {
          backend.destroyEvent(event.destroyed());
        }
      }
    }
  }

  Graph capture(Runnable work) {
    try (Turn _ = guard.enterToWait("capture")) {
      backend.beginCapture();
      guard.capture(new Capture());
    }
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      abandonCapture(e);
      throw e;
    }
    try (Turn _ = guard.enter()) {
      Capture recorded = Objects.requireNonNull(guard.capture());
      BackendGraph ended = backend.endCapture();
      guard.capture(null);
      Graph graph = recorded.graph(this, ended);
      graphs.add(graph);
      return graph;
    }
  }

  private void abandonCapture(Throwable cause) {
    try (Turn _ = guard.enterEvenIfClosed()) {
      guard.capture(null);
      if (!guard.closed()) {
        backend.destroyGraph(backend.endCapture());
      }
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  void launch(Graph graph) {
    try (Turn _ = guard.enterToWait("launch")) {
      backend.launch(graph.ready());
      memory.hold(graph);
    }
  }

  void free(Graph graph) {
    try (Turn _ = guard.enterEvenIfClosed()) {
      if (!guard.closed() && graphs.remove(graph) && graph.markClosed()) {
        backend.destroyGraph(graph.handle());
      }
    }
  }

  void synchronize() {
    try (Turn _ = guard.enterToWait("synchronize")) {
      try {
        backend.synchronize();
      } finally {
        memory.settled();
      }
    }
  }

  /** What a capture that was not ended refuses goes with the backend's session. */
  void freeAll() {
    if (guard.capture() != null) {
      guard.capture(null);
      backend.destroyGraph(backend.endCapture());
    }
    for (Graph graph : graphs) {
      if (graph.markClosed()) {
        backend.destroyGraph(graph.handle());
      }
    }
    for (Event event : events) {
      if (event.markClosed()) {
        backend.destroyEvent(event.destroyed());
      }
    }
    graphs.clear();
    events.clear();
  }
}
