package io.sparse24.api;

/** The complementary error function, which the JDK lacks. */
final class Erf {
  private Erf() {}

  /** erfc(x), relative error below 1e-14 where it is not denormal. */
  static double erfc(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    if (x < 0) {
      return 2 - erfc(-x);
    }
    if (x > 27) {
      return 0;
    }
    return x < 2.5 ? 1 - series(x) : continuedFraction(x);
  }

  /** erf(x) = 2/√π · e^(−x²) · Σ 2ⁱ x^(2i+1) / (1·3·5···(2i+1)); all terms positive. */
  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int i = 1; term > sum * 1e-17; i++) {
      term *= 2 * x * x / (2 * i + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  /** erfc(x) = e^(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from the inside out. */
  private static double continuedFraction(double x) {
    double f = x;
    for (int i = 120; i >= 1; i--) {
      f = x + i / 2.0 / f;
    }
    return Math.exp(-x * x) / (Math.sqrt(Math.PI) * f);
  }
}
