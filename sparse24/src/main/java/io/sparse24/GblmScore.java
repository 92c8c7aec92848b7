package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.util.Objects;

/**
 * Gradient-based language model pruner: |W| · √s + |W| · Σ |100 g|, s the squared column norms of
 * the inputs, g the gradients of the sequences (Das et al. 2023, arXiv 2311.04902).
 */
final class GblmScore implements FactorScore {
  private static final float GRADIENT_SCALE = 100;

  @Override
  public String name() {
    return "gblm";
  }

  @Override
  public boolean needsNorms() {
    return true;
  }

  @Override
  public boolean needsGradient() {
    return true;
  }

  @Override
  public ScoreFactors factors(Session session, Scratch scratch, Matrix w, Evidence evidence) {
    Matrix s = Objects.requireNonNull(evidence.norms(), "norms");
    Matrix g = Objects.requireNonNull(evidence.gradient(), "gradient");
    return ScoreFactors.ofColumns(Factors.map(session, scratch, s, Math::sqrt))
        .plusElements(g, GRADIENT_SCALE, 0);
  }
}
