package io.sparse24.cli.demo;

import io.sparse24.ColumnNorms;
import io.sparse24.Pruner;
import io.sparse24.PruningMethod;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/**
 * A layer's weight after pruning.
 *
 * @param weight in host memory
 * @param keptEnergy the share of Σ (|w_ij| · ‖x_j‖)² that the kept elements have
 */
record PrunedLayer(Compressed24 weight, double keptEnergy) {
  /**
   * Prunes.
   *
   * @param arena holds the result
   * @param session prunes
   * @param method by which
   * @param norms of the layer's inputs
   * @param w host weight {@code [n, k]}
   */
  static PrunedLayer of(
      Arena arena, Session session, PruningMethod method, ColumnNorms norms, Matrix w) {
    Compressed24 weight = Compressed24.allocate(arena, w.rows(), w.cols(), w.dtype());
    Pruner.of(method, Pruner.Inputs.of(norms)).prune(session, w, weight);
    Matrix squares = Matrix.allocate(arena, 1, w.cols(), DType.F32);
    try (Scratch scratch = session.scratch()) {
      scratch.download(norms.squared(), squares);
      session.synchronize();
    }
    double kept = 0;
    double all = 0;
    for (long i = 0; i < w.rows(); i++) {
      for (long j = 0; j < w.cols(); j++) {
        double v = w.get(i, j);
        double energy = v * v * squares.get(0, j);
        all += energy;
        kept += weight.mask().get(i, j) ? energy : 0;
      }
    }
    return new PrunedLayer(weight, kept / all);
  }
}
