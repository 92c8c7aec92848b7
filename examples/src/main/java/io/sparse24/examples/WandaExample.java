package io.sparse24.examples;

import io.sparse24.ColumnNorms;
import io.sparse24.Pruner;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.Random;

/**
 * Prunes one weight by magnitude and by Wanda, and compares both with the dense product on inputs
 * whose columns differ in size, as those of a language model do.
 */
public final class WandaExample {
  private static final int N = 256;
  private static final int K = 512;
  private static final int TOKENS = 128;

  private WandaExample() {}

  /**
   * Runs it.
   *
   * @param args none
   */
  public static void main(String[] args) {
    Random random = new Random(7);
    try (Session session = Backends.open("cpu");
        Arena arena = Arena.ofConfined()) {
      Matrix w = Matrix.allocate(arena, N, K, DType.F32);
      Matrix x = Matrix.allocate(arena, TOKENS, K, DType.F32);
      fill(w, random, 0);
      fill(x, random, 1.5);
      Matrix exact = Matrix.allocate(arena, TOKENS, N, DType.F32);
      session.gemm(x, w, exact);
      System.out.printf(
          "magnitude: %.3f%n", error(session, arena, Pruner.magnitude(), w, x, exact));
      // @start region="wanda"
      try (ColumnNorms norms = new ColumnNorms(session, w.cols())) {
        norms.add(x, 1); // the layer's inputs, batch by batch; only their column norms are kept
        Pruner wanda = Pruner.wanda(norms);
        System.out.printf("wanda:     %.3f%n", error(session, arena, wanda, w, x, exact));
      }
      // @end
    }
  }

  /** ‖Y − X Wᵀ‖ / ‖X Wᵀ‖ of the pruned weight's Y. */
  private static double error(
      Session session, Arena arena, Pruner pruner, Matrix w, Matrix x, Matrix exact) {
    Matrix y = Matrix.allocate(arena, exact.rows(), exact.cols(), DType.F32);
    try (Sparse24Matrix sparse = pruner.prune(session, w)) {
      sparse.multiply(x, y);
    }
    double difference = 0;
    double norm = 0;
    for (long i = 0; i < y.rows(); i++) {
      for (long j = 0; j < y.cols(); j++) {
        difference += Math.pow(y.get(i, j) - exact.get(i, j), 2);
        norm += Math.pow(exact.get(i, j), 2);
      }
    }
    return Math.sqrt(difference / norm);
  }

  /** Normal values; column j is larger by a factor of exp(spread · z_j), z_j normal. */
  private static void fill(Matrix matrix, Random random, double spread) {
    for (long j = 0; j < matrix.cols(); j++) {
      double factor = Math.exp(spread * random.nextGaussian());
      for (long i = 0; i < matrix.rows(); i++) {
        matrix.set(i, j, (float) (factor * random.nextGaussian()));
      }
    }
  }
}
