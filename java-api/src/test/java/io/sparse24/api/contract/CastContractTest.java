package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Casts: bit for bit with the oracle, which is held against the definition. */
final class CastContractTest {
  private static final int[][] SHAPES = {
    {0, 8}, {3, 0}, {1, 1}, {3, 7}, {31, 33}, {33, 127}, {2, 1023}, {5, 4097}, {4097, 3}
  };

  static Stream<Subject> kernels() {
    return Fixture.kernels(Op.CAST);
  }

  private static Matrix cast(Fixture f, Subject subject, Matrix x, long pad) {
    Matrix out = f.blank(x.rows(), x.cols(), subject.dtype(), pad);
    f.session.cast(f.in(x), f.out(out));
    f.finish();
    return out;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void isTheOraclesBitForBit(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (int pad : new int[] {0, f.random.nextInt(1, 4)}) {
          Matrix x = sizes(f, shape[0], shape[1], subject.forced().xDtype(), pad);
          Matrix expected = f.blank(shape[0], shape[1], subject.dtype(), 0);
          f.oracle.cast(x, expected);
          Matrix actual = cast(f, subject, x, pad == 0 ? 0 : 4 - pad);
          f.assertSame(expected, actual, subject + " " + shape[0] + " x " + shape[1]);
        }
      }
    }
  }

  /** Rows from the smallest to the largest, and such as round to ties. */
  private static Matrix sizes(Fixture f, long rows, long cols, DType dtype, long pad) {
    Matrix x = f.normal(rows, cols, dtype, pad);
    float[] factors = {1, 0, -0.0f, 0x1p-140f, 0x1p-125f, 0x1p-17f, 0x1p-24f, 0x1p14f, 0x1p126f};
    Matrix scales = x.rowScales();
    for (long i = 0; i < rows; i++) {
      int kind = f.random.nextInt(factors.length + 1);
      if (scales != null) {
        scales.set(0, i, kind < factors.length ? factors[kind] : scales.get(0, i));
        continue;
      }
      for (long j = 0; j < cols; j++) {
        float v = x.get(i, j);
        // Nine significant bits: half of them ties of BF16's eight.
        float tie = (256 + f.random.nextInt(256)) * 0x1p-3f;
        x.set(i, j, kind < factors.length ? v * factors[kind] : tie);
      }
    }
    return x;
  }

  /** Against the definition: the nearest of the type's numbers, the even one on a tie. */
  @ParameterizedTest
  @MethodSource("kernels")
  void everyElementIsTheNearest(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Matrix x = f.normal(33, 129, subject.forced().xDtype(), 0);
      Matrix out = cast(f, subject, x, 0);
      Tolerance half = new Tolerance(subject.dtype().epsilon() / 2 * (1 + 0x1p-15), 0x1p-25);
      for (long i = 0; i < x.rows(); i++) {
        Matrix scales = x.rowScales();
        double scale = scales == null ? 1 : scales.get(0, i);
        for (long j = 0; j < x.cols(); j++) {
          double exact = x.get(i, j) * scale;
          String what = subject + " [" + i + ", " + j + "]: " + exact + " is " + out.get(i, j);
          assertTrue(half.accepts(exact, out.get(i, j)), what);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void nonFiniteAndTooLarge(Subject subject) {
    DType from = subject.forced().xDtype();
    try (Fixture f = new Fixture(subject)) {
      for (int cols : new int[] {8, 72}) { // in a tail, and in full vectors
        Matrix x = f.normal(3, cols, from, 0);
        if (from == DType.I8) {
          Objects.requireNonNull(x.rowScales()).set(0, 1, Float.NaN);
          Matrix out = cast(f, subject, x, 0);
          for (long j = 0; j < cols; j++) {
            assertTrue(Float.isNaN(out.get(1, j)), subject + " " + j);
            assertTrue(Float.isFinite(out.get(2, j)), subject + " " + j);
          }
          continue;
        }
        x.set(1, 3, Float.NaN);
        x.set(1, cols - 1, from == DType.F8_E4M3 ? 448 : Float.NEGATIVE_INFINITY);
        x.set(2, 5, from.largest());
        if (from == DType.F8_E4M3) {
          Objects.requireNonNull(x.rowScales()).set(0, 1, -Float.MAX_VALUE);
          Objects.requireNonNull(x.rowScales()).set(0, 2, 1);
        }
        Matrix out = cast(f, subject, x, 0);
        assertTrue(Float.isNaN(out.get(1, 3)), subject + " NaN");
        assertEquals(Float.NEGATIVE_INFINITY, out.get(1, cols - 1), subject.toString());
        assertEquals(largest(from, subject.dtype()), out.get(2, 5), subject.toString());
      }
    }
  }

  /** What a type's largest number becomes. */
  private static float largest(DType from, DType to) {
    if (from.largest() > to.largest()) {
      return Float.POSITIVE_INFINITY;
    }
    return from == DType.F16 && to == DType.BF16 ? 65536 : from.largest();
  }
}
