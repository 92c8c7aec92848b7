package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.reference.Tolerance;
import java.util.Random;

/** Compares Y = X Wᵀ with sums in float64, at random places and where tails would be. */
final class ProductOracle {
  /** Random places, besides the corners. */
  private static final int SAMPLES = 256;

  /** Columns at each end of the first and the last row. */
  private static final int CORNER = 32;

  private final Matrix x;
  private final Matrix w;
  private final Matrix y;
  private final Errors errors;

  private ProductOracle(Matrix x, Matrix w, Matrix y) {
    this.x = x;
    this.w = w;
    this.y = y;
    this.errors = new Errors(tolerance(x.dtype(), y.dtype(), x.cols()));
  }

  private static Tolerance tolerance(DType x, DType y, long k) {
    return switch (x) {
      case I8 -> Tolerance.integerGemm(y, k, 1);
      case F8_E4M3 -> Tolerance.tensorCoreE4m3Gemm(y, k, 1); // whichever kernel it was
      default -> Tolerance.gemm(y, k, 1);
    };
  }

  /**
   * Compares.
   *
   * @return largest error over the largest expected value
   * @throws WrongResult beyond the tolerance of Y's type
   */
  static double check(Matrix x, Matrix w, Matrix y) {
    ProductOracle oracle = new ProductOracle(x, w, y);
    long m = y.rows();
    long n = y.cols();
    Random random = new Random(3);
    for (int s = 0; s < SAMPLES; s++) {
      oracle.check(random.nextLong(m), random.nextLong(n));
    }
    for (long j = 0; j < Math.min(CORNER, n); j++) {
      oracle.check(0, j);
      oracle.check(m - 1, j);
      oracle.check(0, n - 1 - j);
      oracle.check(m - 1, n - 1 - j);
    }
    return oracle.errors.relative();
  }

  private void check(long i, long j) {
    double expected = 0;
    for (long p = 0; p < x.cols(); p++) {
      expected += (double) x.get(i, p) * w.get(j, p);
    }
    errors.add("y", i, j, expected * scale(x, i) * scale(w, j), y.get(i, j));
  }

  private static double scale(Matrix matrix, long row) {
    Matrix scales = matrix.rowScales();
    return scales == null ? 1 : scales.get(0, row);
  }
}
