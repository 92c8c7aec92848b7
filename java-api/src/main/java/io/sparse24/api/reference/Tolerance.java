package io.sparse24.api.reference;

import io.sparse24.api.DType;

/**
 * How far a backend's result may be from the oracle's: {@code |actual - expected| <= absolute +
 * relative · |expected|}.
 *
 * <p>For a sum of k products in F32 the error grows at most with k·2⁻²⁴ of the sum of the products'
 * magnitudes. In practice a running sum is within a few √k products, each of k additions rounds it
 * to 2⁻²⁴ of itself, and the roundings add up like √k: together a few k·2⁻²⁴ of one product, whose
 * scale the caller gives. Eight of them leave room for the largest of many thousand sums.
 *
 * @param relative share of the expected value
 * @param absolute error allowed at 0
 */
public record Tolerance(double relative, double absolute) {
  /** Every bit must agree. */
  public static final Tolerance EXACT = new Tolerance(0, 0);

  /**
   * For Y = X Wᵀ: F32 sums of k products, rounded once to the type of Y.
   *
   * @param dtype type of Y
   * @param k length of the sums
   * @param scale typical magnitude of one product, such as 1 for N(0, 1) data
   * @return the tolerance
   */
  public static Tolerance gemm(DType dtype, long k, double scale) {
    double rounding = dtype.epsilon();
    double sums = 8 * 0x1p-24 * Math.max(k, 1) * scale;
    // vdpbf16ps and its kind flush denormals, F16 has few exponents: an absolute term covers both.
    double absolute = Math.max(sums, dtype == DType.F16 ? 0x1p-20 : 0x1p-100);
    return new Tolerance(rounding, absolute);
  }

  /**
   * For sums of squares: F64 inside, one rounding to F32.
   *
   * @return the tolerance
   */
  public static Tolerance norms() {
    return new Tolerance(0x1p-21, 0);
  }

  /**
   * Whether a value is near enough; NaN is near NaN, an infinity near itself.
   *
   * @param expected the oracle's
   * @param actual the backend's
   * @return true if so
   */
  public boolean accepts(double expected, double actual) {
    if (Double.isNaN(expected) || Double.isInfinite(expected)) {
      return Double.compare(expected, actual) == 0;
    }
    return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
  }
}
