package io.sparse24.llm;

import io.sparse24.api.Event;
import io.sparse24.api.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times a step's phases where the work is done: by events in the session's queue, which are made
 * once and read when the queue is past them.
 */
final class StepClock implements AutoCloseable {
  enum Phase {
    FORWARD,
    WEIGHT_GRADIENT,
    INPUT_GRADIENT,
    OPTIMIZER
  }

  private record Span(Event start, Event end) {}

  private final Session session;
  private final List<Span> spans = new ArrayList<>();
  private final List<Phase> phases = new ArrayList<>();
  private final double[] milliseconds = new double[Phase.values().length];

  StepClock(Session session) {
    this.session = session;
  }

  void begin(Phase phase) {
    if (spans.size() == phases.size()) {
      spans.add(new Span(session.event(), session.event()));
    }
    session.record(spans.get(phases.size()).start());
    phases.add(phase);
  }

  /** Of what was begun last. */
  void end() {
    session.record(spans.get(phases.size() - 1).end());
  }

  /** Adds up what was measured since; the queue is synchronized. */
  void read() {
    for (int i = 0; i < phases.size(); i++) {
      Span span = spans.get(i);
      milliseconds[phases.get(i).ordinal()] += session.elapsed(span.start(), span.end());
    }
    phases.clear();
  }

  /** Forgets what was measured since it was read. */
  void discard() {
    phases.clear();
  }

  /** What was read since the last call. */
  StepTimes take(double step) {
    StepTimes times =
        new StepTimes(
            milliseconds[Phase.FORWARD.ordinal()],
            milliseconds[Phase.WEIGHT_GRADIENT.ordinal()],
            milliseconds[Phase.INPUT_GRADIENT.ordinal()],
            milliseconds[Phase.OPTIMIZER.ordinal()],
            step);
    Arrays.fill(milliseconds, 0);
    return times;
  }

  @Override
  public void close() {
    for (Span span : spans) {
      span.start().close();
      span.end().close();
    }
  }
}
