package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendEvent;
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
          release(event);
        }
      }
    }
  }

  private void release(Event event) {
    BackendEvent unheld = event.release();
    if (unheld != null) {
      backend.destroyEvent(unheld);
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
      guard.capture(null);
      try {
        Graph graph = recorded.graph(this, backend.endCapture());
        graphs.add(graph);
        return graph;
      } catch (RuntimeException e) {
        recorded.events().forEach(this::release);
        throw e;
      }
    }
  }

  private void abandonCapture(Throwable cause) {
    try (Turn _ = guard.enterEvenIfClosed()) {
      Failures failures = new Failures();
      dropCapture(failures);
      failures.rethrow();
    } catch (RuntimeException | Error e) {
      cause.addSuppressed(e);
    }
  }

  /** Its session's close has dropped it already where work closed that. */
  private void dropCapture(Failures failures) {
    Capture recorded = guard.capture();
    if (recorded != null) {
      guard.capture(null);
      failures.guard(() -> backend.destroyGraph(backend.endCapture()));
      recorded.events().forEach(event -> failures.guard(() -> release(event)));
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
      if (!guard.closed() && graphs.remove(graph)) {
        Failures failures = new Failures();
        destroy(graph, failures);
        failures.rethrow();
      }
    }
  }

  private void destroy(Graph graph, Failures failures) {
    if (graph.markClosed()) {
      failures.guard(() -> backend.destroyGraph(graph.handle()));
      graph.events().forEach(event -> failures.guard(() -> release(event)));
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
  void freeAll(Failures failures) {
    dropCapture(failures);
    graphs.forEach(graph -> destroy(graph, failures));
    for (Event event : events) {
      if (event.markClosed()) {
        failures.guard(() -> release(event));
      }
    }
    graphs.clear();
    events.clear();
  }
}
