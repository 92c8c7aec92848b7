package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.util.Objects;

/**
 * The metric that Pruner-Zero's search found: W² · (G − min G) / (max G − min G), G = Σ |g| of the
 * sequences' gradients, minimum and maximum over the matrix (Dong et al. 2024, arXiv 2406.02924).
 * Inputs play no part. Where all of G is the same all scores are 0.
 */
final class PrunerZeroScore implements FactorScore {
  @Override
  public String name() {
    return "pruner-zero";
  }

  @Override
  public boolean needsNorms() {
    return false;
  }

  @Override
  public boolean needsGradient() {
    return true;
  }

  @Override
  public ScoreFactors factors(Session session, Scratch scratch, Matrix w, Evidence evidence) {
    Matrix g = Objects.requireNonNull(evidence.gradient(), "gradient");
    Matrix there = scratch.matrix(1, 2, DType.F32);
    session.margins(
        g, scratch.matrix(1, g.rows(), DType.F32), scratch.matrix(1, g.cols(), DType.F32), there);
    float[] range = Factors.download(session, scratch, there);
    double width = (double) range[1] - range[0];
    double scale = width > 0 ? Math.min(1 / width, Float.MAX_VALUE) : 1;
    return ScoreFactors.ofElements(g, (float) scale, range[0]).squared();
  }
}
