package io.sparse24;

import io.sparse24.api.Matrix;

/**
 * What may stay of a weight: an n:m pattern, {@code keep} of each aligned group of {@code of}
 * columns, or an unstructured one, {@code keep} percent wherever they are.
 *
 * @param keep how many stay, 1 to {@code of}
 * @param of size of a group, 2 to 64; 100 if it is unstructured
 * @param unstructured whether it is
 */
public record Pattern(int keep, int of, boolean unstructured) {
  /** The pattern the sparse kernels multiply with. */
  public static final Pattern P2_4 = new Pattern(2, 4);

  private static final int PERCENT = 100;

  /** Checks the numbers. */
  public Pattern {
    if (unstructured && (of != PERCENT || keep < 1 || keep >= PERCENT)) {
      throw new IllegalArgumentException(
          "pattern: keeps " + keep + " of " + of + ", an unstructured one 1 to 99 of 100");
    }
    if (!unstructured && (of < 2 || of > 64 || keep < 1 || keep > of)) {
      throw new IllegalArgumentException(
          "pattern: is " + keep + ":" + of + ", must be n:m with 1 <= n <= m and 2 <= m <= 64");
    }
  }

  /**
   * An n:m pattern.
   *
   * @param keep how many stay, 1 to {@code of}
   * @param of size of a group, 2 to 64
   */
  public Pattern(int keep, int of) {
    this(keep, of, false);
  }

  /**
   * An unstructured pattern.
   *
   * @param percent share that goes, 1 to 99
   * @return the pattern
   */
  public static Pattern unstructured(int percent) {
    return new Pattern(PERCENT - percent, PERCENT, true);
  }

  /**
   * How many of some elements go.
   *
   * @param elements of a row, a block or a weight
   * @return their share, rounded down
   */
  public long dropped(long elements) {
    return elements * (of - keep) / of;
  }

  /**
   * Reads {@code "2:4"} or {@code "50%"}.
   *
   * @param text n:m, or the percentage that goes wherever it is
   * @return the pattern
   */
  public static Pattern parse(String text) {
    String[] parts = text.split(":", -1);
    try {
      if (text.endsWith("%")) {
        int percent = Integer.parseInt(text.substring(0, text.length() - 1).strip());
        if (percent > 0 && percent < PERCENT) {
          return unstructured(percent);
        }
      }
      if (parts.length == 2) {
        return new Pattern(Integer.parseInt(parts[0].strip()), Integer.parseInt(parts[1].strip()));
      }
    } catch (NumberFormatException e) {
      // falls through to the one message
    }
    throw new IllegalArgumentException(
        "pattern: is '" + text + "', must be n:m such as 2:4, 1:2 or 4:8, or 1% to 99%");
  }

  void check(Matrix w) {
    if (!fits(w.cols())) {
      throw new IllegalArgumentException(
          "w: k = " + w.cols() + " is not a multiple of " + of + ", which " + this + " needs");
    }
  }

  /**
   * Whether a weight can have it.
   *
   * @param k the weight's columns
   * @return false if they are no multiple of the group
   */
  public boolean fits(long k) {
    return unstructured || k % of == 0;
  }

  /** {@code "2:4"} or {@code "50%"}. */
  @Override
  public String toString() {
    return unstructured ? (of - keep) + "%" : keep + ":" + of;
  }
}
