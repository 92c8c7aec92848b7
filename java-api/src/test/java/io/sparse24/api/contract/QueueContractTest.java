package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.Buffer;
import io.sparse24.api.DType;
import io.sparse24.api.DeviceBuffer;
import io.sparse24.api.Event;
import io.sparse24.api.Graph;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Matrix;
import io.sparse24.api.PinnedBuffer;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pinned memory, asynchronous copies, events and graphs, on every backend. */
final class QueueContractTest {
  private static final int K = 8;
  private static final long BYTES = K * 4L;

  static Stream<Subject> subjects() {
    return Fixture.subjects();
  }

  static Stream<Subject> queueing() {
    return subjects()
        .filter(subject -> {
          try (Session session = Backends.open(subject.backend())) {
            return session.queue() != 0;
          }
        });
  }

  private static void closed(Executable call) {
    assertThrows(IllegalStateException.class, call);
  }

  private static void set(HostBuffer buffer, int i, float value) {
    buffer.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
  }

  private static float get(HostBuffer buffer, int i) {
    return buffer.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i);
  }

  private static Matrix row(Buffer buffer) {
    return Matrix.of(buffer, 0, 1, K, K, DType.F32);
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void pinnedMemoryIsCopiedBehindWhatWasQueued(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Session s = f.session;
      PinnedBuffer in = s.allocateHost(BYTES);
      PinnedBuffer out = s.allocateHost(BYTES);
      assertEquals(BYTES, in.byteSize());
      assertEquals(0, in.segment().address() % 64);
      assertEquals(0, get(in, K - 1));
      set(in, K - 1, -7);
      Buffer there = f.scratch.buffer(BYTES);
      Buffer scores = f.scratch.buffer(BYTES);
      s.copyAsync(in, there);
      s.score(row(there), ScoreKind.MAGNITUDE, null, row(scores));
      s.copyAsync(scores, out);
      s.synchronize();
      assertEquals(7, get(out, K - 1));

      // Other host memory is copied on return.
      HostBuffer plain = HostBuffer.allocate(f.arena, BYTES);
      set(plain, 2, -3);
      s.copyAsync(plain, there);
      s.copyAsync(there, plain);
      assertEquals(-3, get(plain, 2));
      assertThrows(IllegalArgumentException.class, () -> s.copyAsync(in, s.allocateHost(1)));
      assertThrows(IllegalArgumentException.class, () -> s.allocateHost(-1));
      assertEquals(0, s.allocateHost(0).byteSize());

      out.close();
      out.close();
      closed(() -> get(out, 0));
      closed(() -> s.copyAsync(out, there));
      closed(() -> s.copyAsync(there, out));
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void eventsAreWaitedForAndTimed(Subject subject) {
    try (Fixture f = new Fixture(subject);
        Session other = f.session.share()) {
      Session s = f.session;
      Event start = s.event();
      Event end = s.event();
      s.synchronize(start); // never recorded: nothing to wait for
      other.waitFor(start);
      s.record(start);
      assertThrows(IllegalArgumentException.class, () -> s.elapsed(start, end));
      other.record(end);
      assertTrue(s.elapsed(start, end) >= 0);
      other.waitFor(end);
      s.synchronize(end);
      try (Session oracle = Backends.open("reference")) {
        if (!subject.backend().equals("reference")) {
          assertThrows(IllegalArgumentException.class, () -> oracle.record(end));
        }
      }
      end.close();
      end.close();
      closed(() -> s.record(end));
      closed(() -> other.waitFor(end));
      closed(() -> s.synchronize(end));
      closed(() -> s.elapsed(start, end));
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  @SuppressWarnings("MustBeClosedChecker") // closed in the wrong order on purpose
  void aSessionClosesWhatIsItsOwn(Subject subject) {
    Session s = Backends.open(subject.backend());
    PinnedBuffer pinned = s.allocateHost(BYTES);
    Event event = s.event();
    try (Session other = s.share()) {
      s.close();
      closed(() -> get(pinned, 0));
      closed(() -> other.waitFor(event));
    }
    closed(s::event);
    closed(s::queue);
    closed(() -> s.capture(() -> {}));
    event.close();
    pinned.close();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aBackendWithoutAQueueSaysWhyItHasNoGraphs(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      if (f.session.queue() == 0) {
        Sparse24Exception.Unsupported e =
            assertThrows(Sparse24Exception.Unsupported.class, () -> f.session.capture(() -> {}));
        assertTrue(String.valueOf(e.getMessage()).contains("no queue to record"), e.toString());
        f.session.synchronize(); // it still works
      }
    }
  }

  /** Scores of what the host put into `in`, to `out`, and what they need. */
  private record Scoring(
      Session session,
      PinnedBuffer in,
      DeviceBuffer there,
      DeviceBuffer scores,
      PinnedBuffer out,
      Event done) {
    @SuppressWarnings("MustBeClosedChecker") // the session closes them
    static Scoring of(Session s) {
      return new Scoring(
          s,
          s.allocateHost(BYTES),
          s.allocateDevice(BYTES),
          s.allocateDevice(BYTES),
          s.allocateHost(BYTES),
          s.event());
    }

    void run() {
      session.copyAsync(in, there);
      session.score(row(there), ScoreKind.MAGNITUDE, null, row(scores));
      session.copyAsync(scores, out);
      session.record(done);
    }
  }

  @ParameterizedTest(allowZeroInvocations = true) // graphs are of a GPU
  @MethodSource("queueing")
  void aGraphRunsOnWhatIsInItsBuffers(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Session s = f.session;
      Scoring scoring = Scoring.of(s);
      Graph graph = s.capture(scoring::run);
      for (int round = 1; round < 4; round++) {
        set(scoring.in(), 5, -round);
        graph.launch();
        s.synchronize(scoring.done());
        assertEquals(round, get(scoring.out(), 5));
      }
      set(scoring.in(), 5, Float.NaN);
      graph.launch();
      Sparse24Exception.BadData e = assertThrows(Sparse24Exception.BadData.class, s::synchronize);
      assertEquals("w[0, 5] is NaN", e.getMessage());
      s.synchronize();
      graph.close();
      graph.close();
      closed(graph::launch);
    }
  }

  @ParameterizedTest(allowZeroInvocations = true) // graphs are of a GPU
  @MethodSource("queueing")
  @SuppressWarnings("MustBeClosedChecker") // closed before what is its own
  void aGraphIsNotLaunchedOnWhatIsClosed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Session s = f.session;
      for (int which = 0; which < 4; which++) {
        Scoring scoring = Scoring.of(s);
        Graph graph = s.capture(scoring::run);
        graph.launch();
        switch (which) {
          case 0 -> scoring.in().close();
          case 1 -> scoring.there().close();
          case 2 -> scoring.scores().close();
          default -> scoring.done().close();
        }
        closed(graph::launch);
        s.synchronize();
      }
    }
    Session session = Backends.open(subject.backend());
    Graph graph = session.capture(() -> {});
    session.close();
    closed(graph::launch);
    graph.close();
  }

  @ParameterizedTest(allowZeroInvocations = true) // graphs are of a GPU
  @MethodSource("queueing")
  void whatACaptureCannotHoldIsRefusedAndTheCaptureGoesOn(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Session s = f.session;
      Scoring scoring = Scoring.of(s);
      HostBuffer plain = HostBuffer.allocate(f.arena, BYTES);
      Graph empty = s.capture(() -> {});
      Graph graph =
          s.capture(() -> {
            closed(s::synchronize);
            closed(() -> s.synchronize(scoring.done()));
            closed(() -> s.elapsed(scoring.done(), scoring.done()));
            closed(() -> s.allocateDevice(8));
            closed(() -> s.allocateHost(8));
            closed(() -> s.copy(plain, scoring.there()));
            closed(() -> s.capture(() -> {}));
            closed(empty::launch);
            closed(s::share);
            closed(scoring.in()::close);
            closed(scoring.there()::close);
            assertThrows(IllegalArgumentException.class, () -> s.copyAsync(plain, scoring.there()));
            scoring.run();
          });
      set(scoring.in(), 1, -4);
      graph.launch();
      s.synchronize();
      assertEquals(4, get(scoring.out(), 1));

      // One that throws leaves nothing behind.
      assertThrows(
          ArithmeticException.class,
          () ->
              s.capture(() -> {
                scoring.run();
                throw new ArithmeticException();
              }));
      scoring.run();
      s.synchronize();
    }
  }

  /** A graph keeps the workspace it was captured with, also when a larger call makes it grow. */
  @ParameterizedTest(allowZeroInvocations = true) // graphs are of a GPU
  @MethodSource("queueing")
  void aGraphKeepsItsWorkspace(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Session s = f.session;
      Matrix x = f.normal(64, 16, DType.F32, 0);
      Matrix norms = f.blank(1, 16, DType.F32, 0);
      Matrix expected = f.blank(1, 16, DType.F32, 0);
      Matrix in = f.in(x);
      Matrix out = f.out(norms);
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class, () -> s.capture(() -> s.accumulateNorms(in, out, 0, 1)));
      assertTrue(
          String.valueOf(e.getMessage()).contains("run the operation once before"), e.toString());
      s.accumulateNorms(in, out, 0, 1);
      Graph graph = s.capture(() -> s.accumulateNorms(in, out, 0, 1));
      Matrix larger = f.in(f.normal(4096, 64, DType.F32, 0));
      s.accumulateNorms(larger, f.in(f.blank(1, 64, DType.F32, 0)), 0, 1);
      graph.launch();
      f.oracle.accumulateNorms(x, expected, 0, 1);
      f.finish();
      f.assertNear(expected, norms, Tolerance.gemm(DType.F32, 64, 1), subject.toString());
    }
  }
}
