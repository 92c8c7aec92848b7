package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * What makes up for the error of a pruned weight: L and R of a low rank r, so that Y = X Ŵᵀ + (X
 * Lᵀ) Rᵀ is near X Wᵀ. For {@link Session#spmm24} with a low-rank term, or as adapters of a
 * checkpoint.
 *
 * @param l {@code [rank, k]} F32
 * @param r {@code [n, rank]} F32
 */
public record LowRankTerm(Matrix l, Matrix r) {
  /**
   * The best of a rank. Without a Gram matrix R L is the truncated singular value decomposition of
   * W − Ŵ. With one it is EoRA (Liu and others 2024, <a
   * href="https://arxiv.org/abs/2410.21271">arXiv 2410.21271</a>), which makes the error of the
   * outputs smallest: XᵀX = Q Λ Qᵀ, S = Q √Λ, (W − Ŵ) S ≈ U G Vᵀ, R = U √G, L = √G Vᵀ S⁻¹. The
   * decomposition comes from the eigenvectors of the smaller of the error's two Gram matrices.
   *
   * @param session multiplies
   * @param w host weight {@code [n, k]}
   * @param pruned the same, pruned, of the same type
   * @param rank 1 to the smaller of n and k
   * @param gram of the layer's inputs, or null
   * @param arena frees the result
   * @return the term, in host memory
   * @throws IllegalArgumentException if shapes or rank do not fit
   * @throws io.sparse24.api.Sparse24Exception.Unsupported if there is no LAPACK, with the places
   *     that were looked at
   */
  public static LowRankTerm of(
      Session session, Matrix w, Matrix pruned, int rank, @Nullable Gram gram, Arena arena) {
    if (pruned.rows() != w.rows() || pruned.cols() != w.cols()) {
      throw new IllegalArgumentException("pruned: is " + pruned + ", must be as w, " + w);
    }
    if (rank < 1 || rank > Math.min(w.rows(), w.cols())) {
      throw new IllegalArgumentException(
          "rank: is " + rank + ", must be between 1 and " + Math.min(w.rows(), w.cols()));
    }
    if (gram != null && gram.k() != w.cols()) {
      throw new IllegalArgumentException("gram: is of " + gram.k() + " inputs, w has " + w.cols());
    }
    HostProducts products = new HostProducts(session);
    try (Arena work = Arena.ofShared()) {
      Matrix error = products.wide(w, work);
      Matrix kept = products.wide(pruned, work);
      for (long i = 0; i < error.rows(); i++) {
        for (long j = 0; j < error.cols(); j++) {
          error.set(i, j, error.get(i, j) - kept.get(i, j));
        }
      }
      Matrix r = Matrix.allocate(arena, w.rows(), rank, DType.F32);
      Matrix l = Matrix.allocate(arena, rank, w.cols(), DType.F32);
      if (gram == null) {
        decompose(products, error, r, l, work);
      } else {
        Space space = gram.once(Space.class, Space::of);
        Matrix projected = Matrix.allocate(work, w.rows(), w.cols(), DType.F32);
        products.multiply(error, space.there, projected);
        Matrix inSpace = Matrix.allocate(work, rank, w.cols(), DType.F32);
        decompose(products, projected, r, inSpace, work);
        products.multiply(inSpace, space.back, l);
      }
      return new LowRankTerm(l, r);
    }
  }

  /**
   * The eigenspace of the inputs, as right operands of products.
   *
   * @param there Sᵀ: row j is √λ_j q_j
   * @param back (S⁻¹)ᵀ: column j is q_j / √λ_j
   */
  private record Space(Matrix there, Matrix back) {
    static Space of(Gram gram) {
      int k = gram.k();
      Matrix there = Matrix.allocate(gram.arena(), k, k, DType.F32);
      Matrix back = Matrix.allocate(gram.arena(), k, k, DType.F32);
      try (Arena work = Arena.ofShared()) {
        Symmetric.Eigen eigen = gram.symmetric(work).eigen(k, work);
        double least = leastPositive(eigen.values(), k);
        for (int j = 0; j < k; j++) {
          double root = Math.sqrt(Math.max(eigen.values().get(j), least));
          for (int c = 0; c < k; c++) {
            float q = eigen.vectors().get(j, c);
            there.set(j, c, (float) (root * q));
            back.set(c, j, (float) (q / root));
          }
        }
      }
      return new Space(there, back);
    }

    /** Of those that rounding has not made: eigenvalues below it say nothing. */
    private static double leastPositive(Symmetric.Values values, int k) {
      double noise = Math.max(values.get(k - 1), 0) * k * Math.ulp(1f);
      for (int j = 0; j < k; j++) {
        if (values.get(j) > noise) {
          return values.get(j);
        }
      }
      return 1; // inputs are all 0, any space will do
    }
  }

  /** R L = the best approximation of M {@code [n, k]}, its weight shared between both. */
  private static void decompose(HostProducts products, Matrix m, Matrix r, Matrix l, Arena work) {
    int rank = (int) l.rows();
    boolean wide = m.rows() <= m.cols();
    Matrix mt = products.transposed(m, work);
    Matrix a = wide ? m : mt; // its rows are fewer
    Matrix b = wide ? mt : m;
    int n = Math.toIntExact(a.rows());
    Matrix product = Matrix.allocate(work, n, n, DType.F32);
    products.multiply(a, a, product);
    Symmetric square = Symmetric.allocate(work, n);
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        square.set(i, j, product.get(i, j));
      }
    }
    // Rows are the singular vectors of the smaller side; M turns them into the other's times the
    // singular values, whatever their error, so that the product is M projected.
    Matrix vectors = square.eigen(rank, work).vectors();
    Matrix others = Matrix.allocate(work, rank, b.rows(), DType.F32);
    products.multiply(vectors, b, others);
    for (int i = 0; i < rank; i++) {
      double squared = 0;
      for (long j = 0; j < others.cols(); j++) {
        squared += (double) others.get(i, j) * others.get(i, j);
      }
      double root = Math.sqrt(Math.sqrt(squared)); // of the singular value
      int at = rank - 1 - i; // the largest first
      for (long j = 0; j < vectors.cols(); j++) {
        put(wide ? r : l, wide, at, j, root * vectors.get(i, j));
      }
      for (long j = 0; j < others.cols(); j++) {
        put(wide ? l : r, !wide, at, j, root == 0 ? 0 : others.get(i, j) / root);
      }
    }
  }

  private static void put(Matrix to, boolean column, int vector, long j, double value) {
    if (column) {
      to.set(j, vector, (float) value);
    } else {
      to.set(vector, j, (float) value);
    }
  }
}
