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
   * Whether {@link #compute} needs gradients of the loss.
   *
   * @return true if so
   */
  default boolean needsGradient() {
    return false;
  }

  /**
   * Whether those norms must be of inputs that a router weighs, see {@link ColumnNorms#addRouted}.
   *
   * @return true if so
   */
  default boolean needsRouter() {
    return false;
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
