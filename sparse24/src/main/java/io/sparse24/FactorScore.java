package io.sparse24;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;

/**
 * A score that is a power of |W| times a factor of columns, rows and elements: say the factors, and
 * kernels compute it, to 2:4 in one pass over the weight.
 */
public interface FactorScore extends Score {
  /**
   * The factors of a weight's scores.
   *
   * @param session the weight and the evidence are in its memory
   * @param scratch what the factors may be made in; lives as long as they are wanted
   * @param w weight {@code [n, k]}, neither 0
   * @param evidence what the score needs of the layer's inputs and gradients
   * @return the factors, in the session's memory
   */
  ScoreFactors factors(Session session, Scratch scratch, Matrix w, Evidence evidence);

  @Override
  default void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    if (w.rows() == 0 || w.cols() == 0) {
      return;
    }
    try (Scratch scratch = session.scratch()) {
      session.score(w, factors(session, scratch, w, evidence), out);
      session.synchronize();
    }
  }

  @Override
  default void prune24(Session session, Matrix w, Evidence evidence, Compressed24 out) {
    if (w.rows() == 0 || w.cols() == 0) {
      return;
    }
    try (Scratch scratch = session.scratch()) {
      session.prune24(w, factors(session, scratch, w, evidence), out);
      session.synchronize();
    }
  }
}
