package io.sparse24.api.contract;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What moves or adds matrices. */
final class MatrixContractTest {
  private static final int[][] SHAPES = {
    {0, 8}, {3, 0}, {1, 1}, {1, 3}, {3, 7}, {16, 16}, {31, 33}, {33, 127}, {2, 1023}, {129, 65}
  };

  static Stream<Subject> transposes() {
    return Fixture.kernels(Op.TRANSPOSE);
  }

  static Stream<Subject> sums() {
    return Fixture.kernels(Op.AXPBY);
  }

  @ParameterizedTest
  @MethodSource("transposes")
  void transposesAreTheOraclesBitForBit(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int pad = f.random.nextInt(3);
        Matrix x = f.normal(shape[0], shape[1], subject.dtype(), pad);
        Matrix out = f.blank(shape[1], shape[0], subject.dtype(), 2 - pad);
        f.session.transpose(f.in(x), f.out(out));
        f.finish();
        Matrix expected = f.blank(shape[1], shape[0], subject.dtype(), 0);
        f.oracle.transpose(x, expected);
        f.assertSame(expected, out, subject + " " + shape[0] + " x " + shape[1]);
        f.assertScalesUntouched(out, subject.toString());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sums")
  void sumsAreTheOracles(Subject subject) {
    DType xType = subject.forced().xDtype();
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (float beta : new float[] {0, 1, -0.5f}) {
          int pad = f.random.nextInt(3);
          float alpha = f.random.nextFloat(-2, 2);
          Matrix x = f.normal(shape[0], shape[1], xType, pad);
          Matrix y = f.normal(shape[0], shape[1], subject.dtype(), 2 - pad);
          if (beta == 0 && shape[0] * shape[1] > 0) {
            y.set(0, 0, Float.NaN); // not read
          }
          Matrix expected = f.copy(y, subject.dtype(), 0);
          f.session.axpby(alpha, f.in(x), beta, f.out(y));
          f.finish();
          f.oracle.axpby(alpha, x, beta, expected);
          String what = subject + " " + shape[0] + " x " + shape[1] + " beta " + beta;
          f.assertNear(expected, y, Tolerance.step(subject.dtype(), 8), what);
        }
      }
    }
  }
}
