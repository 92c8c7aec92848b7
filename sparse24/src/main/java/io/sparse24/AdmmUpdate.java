package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/**
 * ADMM (Boža 2024, arXiv 2401.02938): with inputs brought to norm 1, A = XᵀX plus a tenth of its
 * mean diagonal, W the weight times the norms, twenty rounds of Z = (W + U) ⊙ mask, U += W − Z, W =
 * (A W₀ + Z − U) (A + I)⁻¹. The mask keeps the largest |W + U| and drops more from round to round
 * until, in the fifteenth, the pattern is reached: what every group may keep stays, of the rest the
 * smallest of the whole matrix go first.
 */
final class AdmmUpdate implements WeightUpdate {
  private static final double DAMPING = 0.1;
  private static final double LEAST_NORM = 1e-8;
  private static final int ROUNDS = 20;
  private static final int MASKS = 15;

  @Override
  public String name() {
    return "admm";
  }

  /**
   * Of all weights that multiply the same inputs.
   *
   * @param a A {@code [k, k]} F32
   * @param inverse (A + I)⁻¹
   * @param norms of the inputs' columns {@code [1, k]}
   */
  private record Problem(Matrix a, Matrix inverse, Matrix norms) {}

  private static Problem problem(Gram gram) {
    try (Arena work = Arena.ofShared()) {
      Symmetric a = gram.symmetric(work);
      int k = a.n();
      Matrix norms = Matrix.allocate(gram.arena(), 1, k, DType.F32);
      double[] norm = new double[k];
      for (int j = 0; j < k; j++) {
        norm[j] = Math.sqrt(a.get(j, j)) + LEAST_NORM;
        norms.set(0, j, (float) norm[j]);
      }
      for (int i = 0; i < k; i++) {
        for (int j = i; j < k; j++) {
          a.set(i, j, a.get(i, j) / (norm[i] * norm[j]));
        }
      }
      a.addToDiagonal(DAMPING * a.meanOfDiagonal());
      Matrix full = a.full(gram.arena());
      a.addToDiagonal(1);
      a.invert();
      return new Problem(full, a.full(gram.arena()), norms);
    }
  }

  @Override
  public void prune(Session session, Matrix w, Gram gram, Pattern pattern, Matrix out) {
    Problem problem = gram.once(Problem.class, AdmmUpdate::problem);
    HostProducts products = new HostProducts(session);
    try (Arena arena = Arena.ofShared()) {
      Matrix weight = products.wide(w, arena);
      scale(weight, problem.norms, false);
      Matrix target = Matrix.allocate(arena, w.rows(), w.cols(), DType.F32);
      products.multiply(weight, problem.a, target);
      State state = new State(weight, pattern, arena);
      for (int round = 0; round < ROUNDS; round++) {
        if (round < MASKS) {
          double left = 1 - (round + 1.0) / MASKS;
          state.mask(1 - left * left * left);
        }
        state.project(target);
        products.multiply(state.next, problem.inverse, weight);
      }
      state.result();
      scale(state.next, problem.norms, true);
      products.cast(state.next, out);
    }
  }

  /** Columns times norms, or divided by them. */
  private static void scale(Matrix of, Matrix norms, boolean divide) {
    for (long i = 0; i < of.rows(); i++) {
      for (long j = 0; j < of.cols(); j++) {
        float norm = norms.get(0, j);
        of.set(i, j, divide ? of.get(i, j) / norm : of.get(i, j) * norm);
      }
    }
  }

  /** What changes from round to round; matrices {@code [n, k]} without gaps. */
  private static final class State {
    private final MemorySegment w;
    private final MemorySegment u;
    private final Matrix next;
    private final MemorySegment to;
    private final Pattern pattern;
    private final int rows;
    private final int cols;
    private final boolean[] kept;

    State(Matrix weight, Pattern pattern, Arena arena) {
      this.w = weight.segment();
      this.u = Matrix.allocate(arena, weight.rows(), weight.cols(), DType.F32).segment();
      this.next = Matrix.allocate(arena, weight.rows(), weight.cols(), DType.F32);
      this.to = next.segment();
      this.pattern = pattern;
      this.rows = Math.toIntExact(weight.rows());
      this.cols = Math.toIntExact(weight.cols());
      this.kept = new boolean[Math.multiplyExact(rows, cols)];
    }

    private static float at(MemorySegment of, long i) {
      return of.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }

    private static void put(MemorySegment of, long i, float value) {
      of.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }

    /** Drops a share, up to 1, of what the pattern drops. */
    void mask(double share) {
      float[] sizes = new float[kept.length];
      for (int i = 0; i < sizes.length; i++) {
        float size = Math.abs(at(w, i) + at(u, i));
        sizes[i] = Float.isNaN(size) ? 0 : size;
      }
      long most = pattern.dropped(sizes.length);
      if (!pattern.unstructured()) {
        most = (long) (sizes.length / pattern.of()) * (pattern.of() - pattern.keep());
        protectLargest(sizes);
      }
      boolean[] stay = Smallest.drop(sizes, Math.round(share * most));
      System.arraycopy(stay, 0, kept, 0, kept.length);
    }

    /** What a group may keep is not compared with others. */
    private void protectLargest(float[] sizes) {
      for (int group = 0; group < sizes.length; group += pattern.of()) {
        for (int chosen = 0; chosen < pattern.keep(); chosen++) {
          int largest = -1;
          for (int i = group; i < group + pattern.of(); i++) {
            if (sizes[i] != Float.POSITIVE_INFINITY && (largest < 0 || sizes[i] > sizes[largest])) {
              largest = i;
            }
          }
          if (largest >= 0) {
            sizes[largest] = Float.POSITIVE_INFINITY;
          }
        }
      }
    }

    /** Z and U of a round, and A W₀ + Z − U for the product. */
    void project(Matrix target) {
      MemorySegment c = target.segment();
      IntStream.range(0, rows)
          .parallel()
          .forEach(row -> {
            int end = (row + 1) * cols;
            for (int i = row * cols; i < end; i++) {
              float sum = at(w, i) + at(u, i);
              float z = kept[i] ? sum : 0;
              float left = sum - z; // U + W − Z
              put(u, i, left);
              put(to, i, at(c, i) + z - left);
            }
          });
    }

    /** Z of the end. */
    void result() {
      for (int i = 0; i < kept.length; i++) {
        put(to, i, kept[i] ? at(w, i) + at(u, i) : 0);
      }
    }
  }
}
