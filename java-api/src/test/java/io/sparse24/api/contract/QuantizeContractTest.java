package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.contract.Fixture.Subject;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Quantization: bit for bit with the oracle, which is held against the definition. */
final class QuantizeContractTest {
  private static final int[][] SHAPES = {
    {0, 8}, {3, 0}, {1, 1}, {3, 7}, {31, 33}, {33, 127}, {2, 1023}, {5, 4097}, {4097, 3}
  };

  static Stream<Subject> kernels() {
    return Fixture.kernels(Op.QUANTIZE);
  }

  private static Matrix quantize(Fixture f, Subject subject, Matrix x, long pad) {
    Matrix out = f.blank(x.rows(), x.cols(), subject.dtype(), pad);
    f.session.quantize(f.in(x), f.out(out));
    f.finish();
    return out;
  }

  private static Matrix scales(Matrix quantized) {
    return Objects.requireNonNull(quantized.rowScales());
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void isTheOraclesBitForBit(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int pad = f.random.nextInt(4);
        Matrix x = rows(f, shape[0], shape[1], subject.forced().xDtype(), pad);
        Matrix expected = f.blank(shape[0], shape[1], subject.dtype(), 0);
        f.oracle.quantize(x, expected);
        Matrix actual = quantize(f, subject, x, 3 - pad);
        String what = subject + " " + shape[0] + " x " + shape[1];
        f.assertSame(scales(expected), scales(actual), what + " scales");
        f.assertSame(expected, actual, what);
      }
    }
  }

  /** Rows from the smallest to the largest a type has, of zeros of both signs, and with ties. */
  private static Matrix rows(Fixture f, long rows, long cols, DType dtype, long pad) {
    Matrix x = f.normal(rows, cols, dtype, pad);
    float[] factors = {1, 0, -0.0f, Float.MIN_VALUE, 0x1p-140f, 0x1p-100f, 0x1p-20f, 0x1p100f};
    for (long i = 0; i < rows; i++) {
      int kind = f.random.nextInt(factors.length + 1);
      for (long j = 0; j < cols; j++) {
        float v = x.get(i, j);
        v = kind < factors.length ? v * factors[kind] : Math.round(8 * v) / 2f;
        x.set(i, j, Math.clamp(v, -dtype.largest(), dtype.largest()));
      }
    }
    return x;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void everyElementIsTheNearest(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Matrix x = f.normal(33, 129, subject.forced().xDtype(), 0);
      Matrix q = quantize(f, subject, x, 0);
      for (long i = 0; i < x.rows(); i++) {
        double most = 0;
        double scale = scales(q).get(0, i);
        for (long j = 0; j < x.cols(); j++) {
          double v = x.get(i, j) / scale;
          most = Math.max(most, Math.abs(v));
          // Half a step, and what the division in F32 rounds.
          double step = subject.dtype() == DType.I8 ? 1 : Math.max(Math.abs(v) / 8, 0x1p-9);
          assertEquals(v, q.get(i, j), step / 2 + 1e-4, subject + " " + i + ", " + j);
        }
        assertEquals(subject.dtype().largest(), most, 1e-4, subject + " row " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void edgeRules(Subject subject) {
    DType dtype = subject.dtype();
    try (Fixture f = new Fixture(subject)) {
      for (int cols : new int[] {8, 72}) { // in a tail, and in full vectors
        Matrix x = f.blank(4, cols, subject.forced().xDtype(), 0);
        for (long i = 0; i < 4; i++) {
          for (long j = 0; j < cols; j++) {
            x.set(i, j, j % 2 == 0 ? 0 : -0.0f);
          }
        }
        // Ties: the scale is 1.
        float[] ties = {dtype.largest(), 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 17};
        for (int j = 0; j < 8; j++) {
          x.set(1, j, ties[j]);
          x.set(3, cols - 1 - j, ties[j] / 4);
        }
        Matrix q = quantize(f, subject, x, 0);
        float[] expected =
            dtype == DType.I8
                ? new float[] {127, 0, 2, 2, 0, -2, -2, 17}
                : new float[] {448, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 16};
        for (int j = 0; j < 8; j++) {
          assertEquals(expected[j], q.get(1, j) + 0, subject + " " + j + " of " + cols);
          assertEquals(expected[j], q.get(3, cols - 1 - j) + 0, subject + " " + j + " of " + cols);
        }
        assertEquals(1, scales(q).get(0, 0), subject + ": a row of zeros");
        assertEquals(1, scales(q).get(0, 1), subject + ": largest is the type's");
        assertEquals(0.25f, scales(q).get(0, 3), subject.toString());
        for (long j = 0; j < cols; j++) {
          assertEquals(0, q.get(0, j) + 0, subject + ": a row of zeros");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void nonFiniteIsNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      f.session.allowNonFinite(true); // not here
      Matrix x = f.normal(5, 40, subject.forced().xDtype(), 0);
      quantize(f, subject, x, 0);
      x.set(4, 2, Float.NEGATIVE_INFINITY);
      assertBadData("x[4, 2] is -Inf", f, subject, x);
      x.set(3, 39, Float.POSITIVE_INFINITY);
      assertBadData("x[3, 39] is Inf", f, subject, x);
      x.set(3, 17, Float.NaN);
      assertBadData("x[3, 17] is NaN", f, subject, x);
    }
  }

  private static void assertBadData(String part, Fixture f, Subject subject, Matrix x) {
    Sparse24Exception.BadData e =
        assertThrows(Sparse24Exception.BadData.class, () -> quantize(f, subject, x, 0));
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.toString());
  }
}
