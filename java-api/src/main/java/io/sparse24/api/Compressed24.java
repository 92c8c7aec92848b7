package io.sparse24.api;

import java.lang.foreign.Arena;

/**
 * A 2:4 weight {@code [n, k]} in the canonical form: {@code values[n, k/2]}, in order of rising
 * column, and the mask of kept elements with exactly two bits in each aligned group of four
 * columns, also where a kept value is 0.
 *
 * @param values the kept values, {@code [n, k/2]}
 * @param mask which elements they are, {@code [n, k]}
 */
public record Compressed24(Matrix values, Mask mask) {
  /**
   * Checks the shapes against each other.
   *
   * @param values the kept values, {@code [n, k/2]}
   * @param mask which elements they are, {@code [n, k]}
   * @throws IllegalArgumentException if k is not a multiple of 4 or the shapes do not belong
   *     together
   */
  public Compressed24 {
    if (mask.cols() % 4 != 0) {
      throw new IllegalArgumentException(
          "mask: k = " + mask.cols() + " is not a multiple of 4, which 2:4 needs");
    }
    if (values.rows() != mask.rows() || values.cols() != mask.cols() / 2) {
      throw new IllegalArgumentException(
          "values: is "
              + values
              + ", must be "
              + mask.rows()
              + " x "
              + mask.cols() / 2
              + " to fit a "
              + mask);
    }
  }

  /**
   * Allocates an empty host weight.
   *
   * @param arena frees it
   * @param n outputs
   * @param k inputs, a multiple of 4
   * @param dtype element type
   * @return the weight
   */
  public static Compressed24 allocate(Arena arena, long n, long k, DType dtype) {
    Checks.extent("n", n);
    Checks.extent("k", k);
    return new Compressed24(Matrix.allocate(arena, n, k / 2, dtype), Mask.allocate(arena, n, k));
  }

  /**
   * Outputs.
   *
   * @return n
   */
  public long n() {
    return mask.rows();
  }

  /**
   * Inputs.
   *
   * @return k
   */
  public long k() {
    return mask.cols();
  }

  /**
   * Element type.
   *
   * @return the type of the values
   */
  public DType dtype() {
    return values.dtype();
  }
}
