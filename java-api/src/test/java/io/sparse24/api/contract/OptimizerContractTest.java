package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.api.AdamW;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps of optimizers, against the oracle in float64 and against numbers worked out by hand. */
final class OptimizerContractTest {
  private static final int[][] SHAPES = {
    {0, 8}, {3, 0}, {1, 1}, {1, 3}, {3, 7}, {31, 33}, {33, 127}, {2, 1023}, {5, 4097}, {4097, 3}
  };
  private static final AdamW ADAMW = new AdamW(0.01f, 0.9f, 0.999f, 1e-8f, 0.1f);
  private static final AdamW OTHER_ADAMW = new AdamW(-0.5f, 0, 0.5f, 0.25f, 0);
  private static final Sgd SGD = new Sgd(0.01f, 0.9f, 0.1f);
  private static final Sgd OTHER_SGD = new Sgd(-0.5f, 0, 0);

  static Stream<Subject> kernels() {
    return Fixture.kernels(Op.ADAMW, Op.SGD);
  }

  /** What a step reads and writes; v is no operand of SGD. */
  private record State(Matrix gradient, Matrix master, Matrix m, Matrix v, Matrix values) {
    static State normal(Fixture f, long rows, long cols, DType dtype) {
      Matrix v = f.blank(rows, cols, DType.F32, 0);
      for (long i = 0; i < rows; i++) {
        for (long j = 0; j < cols; j++) {
          v.set(i, j, f.random.nextFloat(0.01f, 4));
        }
      }
      return new State(
          f.normal(rows, cols, DType.F32, 0),
          f.normal(rows, cols, DType.F32, 0),
          f.normal(rows, cols, DType.F32, 0),
          v,
          f.blank(rows, cols, dtype, 0));
    }

    State copy(Fixture f) {
      return new State(copy(f, gradient), copy(f, master), copy(f, m), copy(f, v), copy(f, values));
    }

    private static Matrix copy(Fixture f, Matrix from) {
      Matrix to = f.blank(from.rows(), from.cols(), from.dtype(), 0);
      to.segment().copyFrom(from.segment());
      return to;
    }

    State in(Fixture f) {
      return new State(f.in(gradient), f.out(master), f.out(m), f.out(v), f.out(values));
    }

    List<Matrix> written() {
      return List.of(master, m, v, values);
    }
  }

  private static void step(
      Session session, Op op, State s, boolean other, long step, float gradScale) {
    if (op == Op.ADAMW) {
      AdamW settings = other ? OTHER_ADAMW : ADAMW;
      session.adamw(s.gradient, s.master, s.m, s.v, s.values, settings, step, gradScale);
    } else {
      session.sgd(s.gradient, s.master, s.m, s.values, other ? OTHER_SGD : SGD, gradScale);
    }
  }

  /** The oracle goes on from what the backend has, so that its roundings do not add up. */
  @ParameterizedTest
  @MethodSource("kernels")
  void stepsAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        State actual = State.normal(f, shape[0], shape[1], subject.dtype());
        for (int step : new int[] {1, 2, 1000, 1_000_000}) {
          boolean other = f.random.nextBoolean();
          float gradScale = other ? -2 : 1 / 128f;
          State expected = actual.copy(f);
          step(f.session, subject.forced().op(), actual.in(f), other, step, gradScale);
          f.finish();
          step(f.oracle, subject.forced().op(), expected, other, step, gradScale);
          String what = subject + " " + shape[0] + " x " + shape[1] + " step " + step;
          for (int part = 0; part < 4; part++) {
            Matrix e = expected.written().get(part);
            f.assertNear(e, actual.written().get(part), Tolerance.step(e.dtype(), 32), what);
          }
          valuesAreTheMasterRounded(f, actual, what);
        }
      }
    }
  }

  private static void valuesAreTheMasterRounded(Fixture f, State s, String what) {
    Matrix rounded = f.blank(s.master.rows(), s.master.cols(), s.values.dtype(), 0);
    f.oracle.cast(s.master, rounded);
    f.assertSame(rounded, s.values, what + ": values");
  }

  /** Powers of two, so that there is nothing to round; the root of 4096 is 64. */
  @ParameterizedTest
  @MethodSource("kernels")
  void aStepByHand(Subject subject) {
    boolean adamw = subject.forced().op() == Op.ADAMW;
    try (Fixture f = new Fixture(subject)) {
      Matrix[] s = new Matrix[5];
      float[] start = {8, 2, 16, 4096 - 16, Float.NaN};
      for (int part = 0; part < 5; part++) {
        s[part] = f.blank(1, 37, part == 4 ? subject.dtype() : DType.F32, 0);
        for (int j = 0; j < 37; j++) {
          s[part].set(0, j, start[part]);
        }
      }
      State there = new State(s[0], s[1], s[2], s[3], s[4]).in(f);
      float master;
      float m;
      if (adamw) {
        // g = 4; m = 8 + 2; v = (4080 + 16) / 2; without the correction the root is below 46.
        AdamW settings = new AdamW(0.5f, 0.5f, 0.5f, 0, 0.25f);
        f.session.adamw(
            there.gradient, there.master, there.m, there.v, there.values, settings, 1, 0.5f);
        m = 10;
        // 2 - 0.5 * 0.25 * 2 - 0.5 * (√0.5 / 0.5) * 10 / √2048
        master = 2 - 0.25f - 0.15625f;
      } else {
        // g = 4 + 0.25 * 2; m = 8 + 4.5
        f.session.sgd(
            there.gradient, there.master, there.m, there.values, new Sgd(0.5f, 0.5f, 0.25f), 0.5f);
        m = 12.5f;
        master = 2 - 6.25f;
      }
      f.finish();
      Tolerance near = Tolerance.step(DType.F32, 8);
      for (int j = 0; j < 37; j++) {
        assertEquals(m, s[2].get(0, j), subject.toString());
        assertEquals(adamw ? 2048 : start[3], s[3].get(0, j), subject.toString());
        assertEquals(master, s[1].get(0, j), near.absolute() + near.relative(), subject.toString());
      }
    }
  }

  /** Where the weight is used in F32 it needs no second copy. */
  @ParameterizedTest
  @MethodSource("kernels")
  void valuesMayBeTheMaster(Subject subject) {
    if (subject.dtype() != DType.F32) {
      return;
    }
    try (Fixture f = new Fixture(subject)) {
      State apart = State.normal(f, 7, 33, DType.F32);
      State one = apart.copy(f);
      step(f.session, subject.forced().op(), apart.in(f), false, 3, 1);
      f.finish();
      State there = one.in(f);
      State shared = new State(there.gradient, there.master, there.m, there.v, there.master);
      step(f.session, subject.forced().op(), shared, false, 3, 1);
      f.finish();
      f.assertSame(apart.master, one.master, subject + ": master");
      f.assertSame(apart.m, one.m, subject + ": m");
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void nonFiniteStaysWhereItIs(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      State s = State.normal(f, 3, 45, subject.dtype());
      s.gradient.set(0, 0, Float.NaN);
      s.gradient.set(1, 20, Float.POSITIVE_INFINITY);
      s.gradient.set(2, 44, Float.NEGATIVE_INFINITY);
      step(f.session, subject.forced().op(), s.in(f), false, 3, 1);
      f.finish();
      for (long i = 0; i < 3; i++) {
        for (long j = 0; j < 45; j++) {
          boolean finite = j != new long[] {0, 20, 44}[(int) i];
          String what = subject + " [" + i + ", " + j + "]";
          assertEquals(finite, Float.isFinite(s.values.get(i, j)), what);
          assertEquals(finite, Float.isFinite(s.m.get(i, j)), what);
        }
      }
    }
  }

  /** A weight descends to where the loss (w - 3)² / 2 is least. */
  @ParameterizedTest
  @MethodSource("kernels")
  void stepsDescend(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      int n = 19;
      State s = State.normal(f, 1, n, subject.dtype());
      s.m.segment().fill((byte) 0);
      s.v.segment().fill((byte) 0);
      boolean adamw = subject.forced().op() == Op.ADAMW;
      for (int step = 1; step <= 300; step++) {
        for (long j = 0; j < n; j++) {
          s.gradient.set(0, j, s.master.get(0, j) - 3);
        }
        State there = s.in(f);
        if (adamw) {
          AdamW settings = new AdamW(step < 200 ? 0.1f : 0.01f, 0.9f, 0.99f, 1e-8f, 0);
          f.session.adamw(
              there.gradient, there.master, there.m, there.v, there.values, settings, step, 1);
        } else {
          f.session.sgd(
              there.gradient, there.master, there.m, there.values, new Sgd(0.1f, 0.5f, 0), 1);
        }
        f.finish();
      }
      for (long j = 0; j < n; j++) {
        assertEquals(3, s.values.get(0, j), 0.05, subject + " " + j);
      }
    }
  }
}
