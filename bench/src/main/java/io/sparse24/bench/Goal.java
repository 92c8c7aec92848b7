package io.sparse24.bench;

import org.jspecify.annotations.Nullable;

/**
 * A target, and what of it was reached.
 *
 * @param group which targets are one line of the README
 * @param work what was measured
 * @param measure what the numbers are, such as {@code × oneDNN}
 * @param target at least this
 * @param limit what bytes or arithmetic allow at most; null if nothing says
 * @param reached the result; null if it was not measured
 * @param note why it was missed or not measured, else empty
 */
public record Goal(
    String group,
    String work,
    String measure,
    double target,
    @Nullable Double limit,
    @Nullable Double reached,
    String note) {
  /**
   * The verdict.
   *
   * @return {@code met}, {@code missed} or {@code not measured}
   */
  public String verdict() {
    if (reached == null) {
      return "not measured";
    }
    return reached >= target ? "met" : "missed";
  }
}
