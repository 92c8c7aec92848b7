package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;
import org.jspecify.annotations.Nullable;

/** How much each element of a weight matters; the lowest go. */
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
   * The fused kernel that computes this score, if there is one.
   *
   * @return the kind, or null
   */
  default @Nullable ScoreKind fused() {
    return null;
  }

  /**
   * Computes the scores.
   *
   * @param session all matrices are in its memory
   * @param w weight {@code [n, k]}
   * @param evidence what the score needs of the layer's inputs and gradients
   * @param out scores {@code [n, k]} F32, at least 0
   */
  void compute(Session session, Matrix w, Evidence evidence, Matrix out);
}
