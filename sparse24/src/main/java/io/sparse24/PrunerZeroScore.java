package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.Objects;

/**
 * The metric that Pruner-Zero's search found: W² · (G − min G) / (max G − min G), G = Σ |g| of the
 * sequences' gradients, minimum and maximum over the matrix (Dong et al. 2024, arXiv 2406.02924).
 * Inputs play no part. Computed in Java.
 */
final class PrunerZeroScore implements Score {
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
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    try (HostScore host = new HostScore(session)) {
      Matrix weight = host.of(w);
      Matrix g = host.of(Objects.requireNonNull(evidence.gradient(), "gradient"));
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (long i = 0; i < g.rows(); i++) {
        for (long j = 0; j < g.cols(); j++) {
          least = Math.min(least, g.get(i, j));
          most = Math.max(most, g.get(i, j));
        }
      }
      double from = least;
      double width = most > least ? most - least : 1;
      host.put(
          out,
          (i, j) -> {
            double value = weight.get(i, j);
            return value * value * (g.get(i, j) - from) / width;
          });
    }
  }
}
