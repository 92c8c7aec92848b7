package io.sparse24.api;

/**
 * A low-rank term beside a 2:4 weight, {@code (X Lᵀ) Rᵀ}: SLoPe's adapters, or what makes up for
 * pruning. Its first product, {@code T = X Lᵀ}, is {@link Session#gemm(Matrix, Matrix, Matrix)};
 * the second is added to Y before it is rounded. A view of both matrices: make it once and use it
 * for every call that has T in the same place.
 *
 * @param t {@code [m, rank]}, T
 * @param r {@code [n, rank]}, R; both of X's type, F32, BF16 or F16
 */
public record LowRank(Matrix t, Matrix r) {
  /**
   * Checks that the ranks and types are one.
   *
   * @param t {@code [m, rank]}, T
   * @param r {@code [n, rank]}, R
   */
  public LowRank {
    Checks.floats("t", t);
    if (r.cols() != t.cols() || r.dtype() != t.dtype()) {
      throw new IllegalArgumentException(
          "r: is " + r + ", must be n x " + t.cols() + " " + t.dtype());
    }
  }

  /**
   * Columns of T and R.
   *
   * @return the rank
   */
  public long rank() {
    return t.cols();
  }
}
