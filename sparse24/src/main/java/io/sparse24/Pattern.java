package io.sparse24;

import io.sparse24.api.Matrix;

/**
 * An n:m pattern: {@code keep} of each aligned group of {@code of} columns stay.
 *
 * @param keep how many stay, 1 to {@code of}
 * @param of size of a group, 2 to 64
 */
public record Pattern(int keep, int of) {
  /** The pattern the sparse kernels multiply with. */
  public static final Pattern P2_4 = new Pattern(2, 4);

  /**
   * Checks the numbers.
   *
   * @param keep how many stay, 1 to {@code of}
   * @param of size of a group, 2 to 64
   */
  public Pattern {
    if (of < 2 || of > 64 || keep < 1 || keep > of) {
      throw new IllegalArgumentException(
          "pattern: is " + keep + ":" + of + ", must be n:m with 1 <= n <= m and 2 <= m <= 64");
    }
  }

  /**
   * Reads {@code "2:4"}.
   *
   * @param text n:m
   * @return the pattern
   */
  public static Pattern parse(String text) {
    String[] parts = text.split(":", -1);
    try {
      if (parts.length == 2) {
        return new Pattern(Integer.parseInt(parts[0].strip()), Integer.parseInt(parts[1].strip()));
      }
    } catch (NumberFormatException e) {
      // falls through to the one message
    }
    throw new IllegalArgumentException(
        "pattern: is '" + text + "', must be n:m such as 2:4, 1:2 or 4:8");
  }

  void check(Matrix w) {
    if (w.cols() % of != 0) {
      throw new IllegalArgumentException(
          "w: k = " + w.cols() + " is not a multiple of " + of + ", which " + this + " needs");
    }
  }

  /** {@code "2:4"}. */
  @Override
  public String toString() {
    return keep + ":" + of;
  }
}
