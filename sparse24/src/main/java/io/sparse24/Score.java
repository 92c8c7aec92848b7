package io.sparse24;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;

/**
 * How much each element of a weight matters; the lowest go. One that is a power of |W| times a
 * factor is a {@link FactorScore}, for which there are kernels.
 */
public non-sealed interface Score extends PruningMethod {
  /**
   * Whether an unstructured pattern compares the elements of a row with each other, or all of the
   * matrix.
   *
   * @return true for rows
   */
  default boolean comparesRows() {
    return true;
  }

  /**
   * Computes the scores.
   *
   * @param session all matrices are in its memory
   * @param w weight {@code [n, k]}
   * @param evidence what the score needs of the layer's inputs and gradients
   * @param out scores {@code [n, k]} F32
   */
  void compute(Session session, Matrix w, Evidence evidence, Matrix out);

  /**
   * Prunes to 2:4: computes the scores, selects and compresses, one after the other where no kernel
   * does all three in one pass.
   *
   * @param session all matrices are in its memory
   * @param w weight {@code [n, k]}, k a multiple of 4
   * @param evidence what the score needs of the layer's inputs and gradients
   * @param out of the weight's shape and type
   */
  default void prune24(Session session, Matrix w, Evidence evidence, Compressed24 out) {
    try (Scratch scratch = session.scratch()) {
      Matrix scores = scratch.matrix(w.rows(), w.cols(), DType.F32);
      compute(session, w, evidence, scores);
      session.select(scores, 2, 4, out.mask());
      session.gather24(w, out);
      session.synchronize();
    }
  }
}
