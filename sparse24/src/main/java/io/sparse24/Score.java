package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;
import org.jspecify.annotations.Nullable;

/**
 * How much each element of a weight matters; the lowest of each group go. One class a score, one
 * line in {@link Scores#ALL}.
 */
public interface Score {
  /**
   * The name users write.
   *
   * @return lower case
   */
  String name();

  /**
   * Whether {@link #compute} needs the norms of the layer's inputs.
   *
   * @return true if so
   */
  boolean needsNorms();

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
   * @param norms squared column norms {@code [1, k]} F32 of the inputs; null if not needed
   * @param out scores {@code [n, k]} F32, at least 0
   */
  void compute(Session session, Matrix w, @Nullable Matrix norms, Matrix out);
}
