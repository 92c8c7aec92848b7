package io.sparse24;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import org.jspecify.annotations.Nullable;

/**
 * Prunes weights by a score. For 2:4 and a score with a fused kernel it is one pass over the
 * weight. Weights and results are in host memory whatever the session's backend.
 */
public final class Pruner {
  private final Score score;
  private final @Nullable ColumnNorms norms;
  private final @Nullable Matrix gradient; // in host memory

  private Pruner(Score score, @Nullable ColumnNorms norms, @Nullable Matrix gradient) {
    this.score = score;
    this.norms = norms;
    this.gradient = gradient;
  }

  /**
   * By magnitude.
   *
   * @return the pruner
   */
  public static Pruner magnitude() {
    return new Pruner(new MagnitudeScore(), null, null);
  }

  /**
   * By Wanda: magnitude times the norm of the input the weight multiplies.
   *
   * @param norms of the layer's inputs
   * @return the pruner
   */
  public static Pruner wanda(ColumnNorms norms) {
    return new Pruner(new WandaScore(), norms, null);
  }

  /**
   * By any score.
   *
   * @param score the score
   * @param norms of the layer's inputs, if the score needs them
   * @return the pruner
   * @throws IllegalArgumentException if they are missing
   */
  public static Pruner of(Score score, @Nullable ColumnNorms norms) {
    return of(score, norms, null);
  }

  /**
   * By any score.
   *
   * @param score the score
   * @param norms of the layer's inputs, if the score needs them
   * @param gradient host matrix {@code [n, k]} F32, the sum over sequences of |∂loss/∂W|, if the
   *     score needs it
   * @return the pruner, for weights of that shape
   * @throws IllegalArgumentException if something is missing
   */
  public static Pruner of(Score score, @Nullable ColumnNorms norms, @Nullable Matrix gradient) {
    if (score.needsGradient() && gradient == null) {
      throw new IllegalArgumentException(
          "gradient: is null, " + score.name() + " needs the gradient of the layer's weight");
    }
    if (score.needsNorms() && norms == null) {
      throw new IllegalArgumentException(
          "norms: are null, " + score.name() + " needs the norms of the layer's inputs");
    }
    return new Pruner(
        score, score.needsNorms() ? norms : null, score.needsGradient() ? gradient : null);
  }

  private Evidence evidence(Scratch scratch) {
    return new Evidence(squared(), gradient == null ? null : scratch.upload(gradient));
  }

  private @Nullable Matrix squared() {
    return norms == null ? null : norms.squared();
  }

  /**
   * Prunes a weight to 2:4, ready to multiply.
   *
   * @param session prunes it, and multiplies with it later
   * @param w host weight {@code [n, k]}, k a multiple of 4; unchanged
   * @return closed by the caller, before the session
   */
  public Sparse24Matrix prune(Session session, Matrix w) {
    try (Scratch scratch = session.scratch()) {
      return Sparse24Matrix.pack(session, inSessionMemory(session, scratch, w));
    }
  }

  /**
   * Prunes a weight to 2:4 in canonical form.
   *
   * @param session prunes it
   * @param w host weight {@code [n, k]}, k a multiple of 4; unchanged
   * @param out host memory of the same shape and type
   */
  public void prune(Session session, Matrix w, Compressed24 out) {
    try (Scratch scratch = session.scratch()) {
      scratch.download(inSessionMemory(session, scratch, w), out);
      session.synchronize();
    }
  }

  private Compressed24 inSessionMemory(Session session, Scratch scratch, Matrix w) {
    Pattern.P2_4.check(w);
    Matrix weight = scratch.upload(w);
    Compressed24 out = scratch.compressed(w.rows(), w.cols(), w.dtype());
    ScoreKind fused = score.fused();
    if (fused != null) {
      session.prune24(weight, fused, squared(), out);
    } else {
      Matrix scores = scratch.matrix(w.rows(), w.cols(), DType.F32);
      score.compute(session, weight, evidence(scratch), scores);
      session.select(scores, 2, 4, out.mask());
      session.gather24(weight, out);
    }
    return out;
  }

  /**
   * Prunes a weight to any n:m pattern, dense with zeros.
   *
   * @param session prunes it
   * @param w host weight {@code [n, k]}, k a multiple of the group
   * @param pattern which
   * @param out host matrix of the same shape and type; may be w
   */
  public void pruneDense(Session session, Matrix w, Pattern pattern, Matrix out) {
    pattern.check(w);
    try (Scratch scratch = session.scratch()) {
      Matrix weight = scratch.upload(w);
      Matrix scores = scratch.matrix(w.rows(), w.cols(), DType.F32);
      Mask mask = scratch.mask(w.rows(), w.cols());
      score.compute(session, weight, evidence(scratch), scores);
      session.select(scores, pattern.keep(), pattern.of(), mask);
      // applyMask keeps the row stride.
      Matrix rows = scratch.matrix(w.rows(), w.rowStride(), w.dtype());
      Matrix result = Matrix.of(rows.buffer(), 0, w.rows(), w.cols(), w.rowStride(), w.dtype());
      session.applyMask(weight, mask, result);
      scratch.download(result, out);
      session.synchronize();
    }
  }
}
