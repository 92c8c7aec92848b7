package io.sparse24.api;

import io.sparse24.api.spi.BackendGraph;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** What the operations of a graph use, gathered while they are recorded. */
final class Capture {
  private final Set<Buffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Event> events = Collections.newSetFromMap(new IdentityHashMap<>());

  void uses(Buffer buffer) {
    buffers.add(buffer);
  }

  void uses(Event event) {
    if (events.add(event)) {
      event.hold();
    }
  }

  /** All of them held, each once. */
  Set<Event> events() {
    return events;
  }

  Graph graph(WorkQueue queue, BackendGraph handle) {
    return new Graph(queue, handle, buffers, events);
  }
}
