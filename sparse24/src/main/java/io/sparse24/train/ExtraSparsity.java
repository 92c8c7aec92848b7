package io.sparse24.train;

import io.sparse24.Pattern;
import io.sparse24.api.Mask;

/**
 * The zeros that double pruning adds: elements that the forward product keeps and the gradient of X
 * does not.
 *
 * @param measured their share of all elements of the weight, by the masks
 * @param expected the same for a random mask, {@link #expected(Pattern)}
 */
public record ExtraSparsity(double measured, double expected) {
  /**
   * The share for a random n:m mask: of a column's m elements, each kept with probability s = n/m,
   * those above n. {@code Σ over j > n of C(m, j) sʲ (1 − s)^(m − j) (j − n)/m} (SLoPe, arXiv
   * 2405.16325): 12.5 % for 1:2, 9.375 % for 2:4, 5.84 % for 2:8, where the paper prints 3.39 %.
   *
   * @param pattern n:m
   * @return the share
   */
  public static double expected(Pattern pattern) {
    int n = pattern.keep();
    int m = pattern.of();
    double s = (double) n / m;
    double sum = 0;
    double choose = 1; // C(m, j)
    for (int j = 0; j <= m; j++) {
      if (j > n) {
        sum += choose * Math.pow(s, j) * Math.pow(1 - s, m - j) * (j - n) / m;
      }
      choose = choose * (m - j) / (j + 1);
    }
    return sum;
  }

  /** Of masks on the host, the second one transposed. */
  static ExtraSparsity of(Mask mask, Mask transpose, Pattern pattern) {
    long extra = 0;
    for (long i = 0; i < mask.rows(); i++) {
      for (long j = 0; j < mask.cols(); j++) {
        extra += mask.get(i, j) && !transpose.get(j, i) ? 1 : 0;
      }
    }
    double all = (double) mask.rows() * mask.cols();
    return new ExtraSparsity(extra / all, expected(pattern));
  }
}
