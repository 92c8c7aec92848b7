package io.sparse24;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Prunes weights by a {@link PruningMethod}. For 2:4 and a score with a fused kernel it is one pass
 * over the weight, see {@link Score#prune24}. Weights and results are in host memory whatever the
 * session's backend.
 */
public final class Pruner {
  private final PruningMethod method;
  private final Inputs inputs;

  /**
   * What is known of a layer, as far as a method needs it.
   *
   * @param norms of the layer's inputs, see {@link PruningMethod#needsNorms}
   * @param gradient host matrix {@code [n, k]} F32, the sum over sequences of |∂loss/∂W|, see
   *     {@link PruningMethod#needsGradient}
   * @param gram of the layer's inputs, see {@link PruningMethod#needsGram}
   */
  public record Inputs(
      @Nullable ColumnNorms norms, @Nullable Matrix gradient, @Nullable Gram gram) {
    /** Nothing. */
    public static final Inputs NONE = new Inputs(null, null, null);

    /**
     * Norms only.
     *
     * @param norms of the layer's inputs, or null
     * @return the inputs
     */
    public static Inputs of(@Nullable ColumnNorms norms) {
      return new Inputs(norms, null, null);
    }
  }

  private Pruner(PruningMethod method, Inputs inputs) {
    this.method = method;
    this.inputs = inputs;
  }

  /**
   * By magnitude.
   *
   * @return the pruner
   */
  public static Pruner magnitude() {
    return new Pruner(new MagnitudeScore(), Inputs.NONE);
  }

  /**
   * By Wanda: magnitude times the norm of the input the weight multiplies.
   *
   * @param norms of the layer's inputs
   * @return the pruner
   */
  public static Pruner wanda(ColumnNorms norms) {
    return new Pruner(new WandaScore(), Inputs.of(norms));
  }

  /**
   * By any method.
   *
   * @param method the method
   * @param inputs at least what it needs
   * @return the pruner, for weights of the layer that the inputs are of
   * @throws IllegalArgumentException if something is missing
   */
  public static Pruner of(PruningMethod method, Inputs inputs) {
    require(method, method.needsNorms(), inputs.norms(), "norms: are null", "norms");
    require(method, method.needsGradient(), inputs.gradient(), "gradient: is null", "gradient");
    require(method, method.needsGram(), inputs.gram(), "gram: is null", "Gram matrix");
    return new Pruner(
        method,
        new Inputs(
            method.needsNorms() ? inputs.norms() : null,
            method.needsGradient() ? inputs.gradient() : null,
            method.needsGram() ? inputs.gram() : null));
  }

  private static void require(
      PruningMethod method, boolean needed, @Nullable Object given, String problem, String what) {
    if (needed && given == null) {
      throw new IllegalArgumentException(
          problem
              + ", "
              + method.name()
              + " needs the "
              + what
              + (what.equals("gradient") ? " of the layer's weight" : " of the layer's inputs"));
    }
  }

  private Evidence evidence(Scratch scratch) {
    Matrix gradient = inputs.gradient();
    return new Evidence(squared(), gradient == null ? null : scratch.upload(gradient));
  }

  private @Nullable Matrix squared() {
    ColumnNorms norms = inputs.norms();
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
    Compressed24 out = scratch.compressed(w.rows(), w.cols(), w.dtype());
    switch (method) {
      case WeightUpdate update -> {
        try (Arena arena = Arena.ofShared();
            Scratch copies = session.scratch()) {
          Matrix dense = Matrix.allocate(arena, w.rows(), w.cols(), w.dtype());
          update(session, update, w, Pattern.P2_4, dense);
          session.compress24(copies.upload(dense), out);
          session.synchronize();
        }
      }
      case Score score -> {
        score.prune24(session, scratch.upload(w), evidence(scratch), out);
      }
    }
    return out;
  }

  private void update(Session session, WeightUpdate update, Matrix w, Pattern pattern, Matrix out) {
    Gram gram = Objects.requireNonNull(inputs.gram());
    if (gram.k() != w.cols()) {
      throw new IllegalArgumentException(
          "gram: is of " + gram.k() + " inputs, the weight has " + w.cols());
    }
    update.prune(session, w, gram, pattern, out);
  }

  /**
   * Prunes a weight to any pattern, dense with zeros.
   *
   * @param session prunes it
   * @param w host weight {@code [n, k]}, k a multiple of the group
   * @param pattern which
   * @param out host matrix of the same shape and type; may be w
   */
  public void pruneDense(Session session, Matrix w, Pattern pattern, Matrix out) {
    pattern.check(w);
    switch (method) {
      case WeightUpdate update -> update(session, update, w, pattern, out);
      case Score score -> pruneDense(session, score, w, pattern, out);
    }
  }

  private void pruneDense(Session session, Score score, Matrix w, Pattern pattern, Matrix out) {
    try (Arena arena = Arena.ofShared();
        Scratch scratch = session.scratch()) {
      Matrix weight = scratch.upload(w);
      Matrix scores = scratch.matrix(w.rows(), w.cols(), DType.F32);
      score.compute(session, weight, evidence(scratch), scores);
      Mask mask;
      if (pattern.unstructured()) {
        Matrix host = Matrix.allocate(arena, w.rows(), w.cols(), DType.F32);
        scratch.download(scores, host);
        session.synchronize();
        mask = scratch.upload(Unstructured.mask(host, pattern, score.comparesRows(), arena));
      } else {
        mask = scratch.mask(w.rows(), w.cols());
        session.select(scores, pattern.keep(), pattern.of(), mask);
      }
      // applyMask keeps the row stride.
      Matrix rows = scratch.matrix(w.rows(), w.rowStride(), w.dtype());
      Matrix result = Matrix.of(rows.buffer(), 0, w.rows(), w.cols(), w.rowStride(), w.dtype());
      session.applyMask(weight, mask, result);
      scratch.download(result, out);
      session.synchronize();
    }
  }
}
