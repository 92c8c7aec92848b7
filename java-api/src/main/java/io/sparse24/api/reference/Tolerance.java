package io.sparse24.api.reference;

import io.sparse24.api.DType;

/**
 * How far a backend's result may be from the oracle's: {@code |actual - expected| <= absolute +
 * relative · |expected|}.
 *
 * <p>A sum of k products of random sign, added one after the other in F32: after i additions it is
 * about √i of one product, each addition rounds by up to 2⁻²⁴ of that, and the roundings add up
 * like a random walk, to a standard deviation of 2⁻²⁴ · k/√6 of one product (less for a sum in
 * several chains). The tolerance is ten of them, so that of the billions of sums that tests compare
 * none is refused by chance, while one lost or doubled product is thousands of tolerances off.
 *
 * @param relative share of the expected value
 * @param absolute error allowed at 0
 */
public record Tolerance(double relative, double absolute) {
  /** Every bit must agree. */
  public static final Tolerance EXACT = new Tolerance(0, 0);

  /**
   * For Y = X Wᵀ and dYᵀ X: F32 sums of k products, rounded once to the type of the result.
   *
   * @param dtype type of Y
   * @param k length of the sums
   * @param scale standard deviation of one product, such as 1 for N(0, 1) data
   * @return the tolerance
   */
  public static Tolerance gemm(DType dtype, long k, double scale) {
    double rounding = dtype.epsilon();
    double sums = 10 * 0x1p-24 / Math.sqrt(6) * Math.max(k, 1) * scale;
    // vdpbf16ps and its kind flush denormals, F16 has few exponents: an absolute term covers both.
    double absolute = Math.max(sums, dtype == DType.F16 ? 0x1p-20 : 0x1p-100);
    return new Tolerance(rounding, absolute);
  }

  /**
   * For Y = X Wᵀ of I8 times I8: the sums are exact, and the few operations that make a result of a
   * sum (conversion, both scales, alpha, C, bias) round by up to 2⁻²⁴ each. A sum is about √k of
   * one product, and of billions none is more than eight times that.
   *
   * @param dtype type of Y
   * @param k length of the sums
   * @param scale standard deviation of one product
   * @return the tolerance
   */
  public static Tolerance integerGemm(DType dtype, long k, double scale) {
    return new Tolerance(dtype.epsilon(), 6 * 0x1p-24 * 8 * Math.sqrt((double) k) * scale);
  }

  /**
   * For Y = X Wᵀ of E4M3 times E4M3 on tensor cores, which keep 14 bits of a running sum; kernels
   * add it to sums in F32 every 128 columns. Each of these partial sums is about √128 products,
   * wrong by some roundings of 2⁻¹⁴; all of them together by a like share of √k products.
   *
   * @param dtype type of Y
   * @param k length of the sums
   * @param scale standard deviation of one product
   * @return the tolerance
   */
  public static Tolerance tensorCoreE4m3Gemm(DType dtype, long k, double scale) {
    Tolerance exact = gemm(dtype, k, scale);
    return new Tolerance(exact.relative, exact.absolute + 0x1p-10 * Math.sqrt((double) k) * scale);
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
   * For a step of an optimizer: about ten roundings in F32 of numbers up to {@code scale}, then one
   * to the type of the result.
   *
   * @param dtype type of the result
   * @param scale the largest number on the way, such as 8 for N(0, 1) data
   * @return the tolerance
   */
  public static Tolerance step(DType dtype, double scale) {
    return new Tolerance(dtype.epsilon(), 10 * 0x1p-24 * scale);
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
