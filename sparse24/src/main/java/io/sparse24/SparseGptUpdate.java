package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * SparseGPT (Frantar and Alistarh 2023, arXiv 2301.00774): column after column is pruned, and the
 * columns behind it make up for what that does to the outputs. H = XᵀX plus a hundredth of its mean
 * diagonal, U the upper factor of H⁻¹ = UᵀU; of each group those go whose w² / U_jj² is smallest;
 * then each column behind j gets −(w_j − ŵ_j) / U_jj · U_j. Within a block of columns that is done
 * row by row in Java, for all columns behind the block by one product. An unstructured pattern
 * takes the smallest of a block's elements. Inputs that are always 0 lose their weights.
 */
final class SparseGptUpdate implements WeightUpdate {
  private static final double DAMPING = 0.01;
  private static final int BLOCK = 128;

  @Override
  public String name() {
    return "sparsegpt";
  }

  /**
   * Of all weights that multiply the same inputs.
   *
   * @param upper U {@code [k, k]} F32
   * @param dead columns of inputs that are always 0
   */
  private record Factor(Matrix upper, BitSet dead) {}

  private static Factor factor(Gram gram) {
    try (Arena work = Arena.ofShared()) {
      Symmetric h = gram.symmetric(work);
      BitSet dead = new BitSet();
      for (int j = 0; j < h.n(); j++) {
        if (h.get(j, j) == 0) {
          dead.set(j);
          h.set(j, j, 1);
        }
      }
      h.addToDiagonal(DAMPING * h.meanOfDiagonal());
      h.invert();
      h.factor();
      return new Factor(h.upper(gram.arena()), dead);
    }
  }

  @Override
  public void prune(Session session, Matrix w, Gram gram, Pattern pattern, Matrix out) {
    Factor factor = gram.once(Factor.class, SparseGptUpdate::factor);
    HostProducts products = new HostProducts(session);
    try (Arena arena = Arena.ofShared()) {
      Matrix work = products.wide(w, arena);
      for (int j = factor.dead.nextSetBit(0); j >= 0; j = factor.dead.nextSetBit(j + 1)) {
        for (long i = 0; i < work.rows(); i++) {
          work.set(i, j, 0);
        }
      }
      int k = gram.k();
      int width = pattern.unstructured() ? BLOCK : BLOCK / pattern.of() * pattern.of();
      for (int from = 0; from < k; from += width) {
        int to = Math.min(k, from + width);
        try (Arena some = Arena.ofShared()) {
          Matrix errors = Matrix.allocate(some, work.rows(), to - from, DType.F32);
          new Block(factor.upper, from, to, pattern).prune(work, errors);
          if (to < k) {
            Matrix behind = HostProducts.columns(factor.upper.rowSlice(from, to), to, k);
            products.subtract(
                errors, products.transposed(behind, some), HostProducts.columns(work, to, k));
          }
        }
      }
      products.cast(work, out);
    }
  }

  /** Columns that are pruned one after the other. */
  private static final class Block {
    private final int from;
    private final int width;
    private final Pattern pattern;
    private final float[][] upper; // rows of U, this block's columns

    Block(Matrix upper, int from, int to, Pattern pattern) {
      this.from = from;
      this.width = to - from;
      this.pattern = pattern;
      this.upper = new float[width][width];
      for (int i = 0; i < width; i++) {
        for (int j = i; j < width; j++) {
          this.upper[i][j] = upper.get((long) from + i, (long) from + j);
        }
      }
    }

    void prune(Matrix work, Matrix errors) {
      boolean @Nullable [] kept = pattern.unstructured() ? smallestGo(work) : null;
      // No row depends on another: the order in which they are done changes nothing.
      IntStream.range(0, Math.toIntExact(work.rows()))
          .parallel()
          .forEach(row -> prune(work, errors, kept, row));
    }

    private boolean[] smallestGo(Matrix work) {
      int rows = Math.toIntExact(work.rows());
      float[] scores = new float[Math.multiplyExact(rows, width)];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < width; j++) {
          float size = work.get(i, (long) from + j) / upper[j][j];
          scores[i * width + j] = size * size;
        }
      }
      return Smallest.drop(scores, pattern.dropped(scores.length));
    }

    private void prune(Matrix work, Matrix errors, boolean @Nullable [] anywhere, int row) {
      float[] w = new float[width];
      for (int j = 0; j < width; j++) {
        w[j] = work.get(row, (long) from + j);
      }
      boolean[] kept = new boolean[width];
      for (int j = 0; j < width; j++) {
        if (anywhere != null) {
          kept[j] = anywhere[row * width + j];
        } else if (j % pattern.of() == 0) {
          keepLargest(w, kept, j);
        }
        float stays = kept[j] ? w[j] : 0;
        float error = (w[j] - stays) / upper[j][j];
        float[] by = upper[j];
        for (int l = j + 1; l < width; l++) {
          w[l] -= error * by[l];
        }
        errors.set(row, j, error);
        work.set(row, (long) from + j, stays);
      }
    }

    /** Of a group as it is when its turn comes; of equal ones the first. */
    private void keepLargest(float[] w, boolean[] kept, int group) {
      int end = group + pattern.of();
      for (int chosen = 0; chosen < pattern.keep(); chosen++) {
        int largest = -1;
        float most = -1;
        for (int j = group; j < end; j++) {
          float size = Math.abs(w[j] / upper[j][j]);
          if (!kept[j] && size > most) {
            most = size;
            largest = j;
          }
        }
        if (largest < 0) {
          return; // all that is left is NaN
        }
        kept[largest] = true;
      }
    }
  }
}
