package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.Objects;

/**
 * Gradient-based language model pruner: |W| · √s + |W| · Σ |100 g|, s the squared column norms of
 * the inputs, g the gradients of the sequences (Das et al. 2023, arXiv 2311.04902). Computed in
 * Java.
 */
final class GblmScore implements Score {
  private static final double GRADIENT_SCALE = 100;

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
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    try (HostScore host = new HostScore(session)) {
      Matrix weight = host.of(w);
      Matrix s = host.of(Objects.requireNonNull(evidence.norms(), "norms"));
      Matrix g = host.of(Objects.requireNonNull(evidence.gradient(), "gradient"));
      host.put(
          out,
          (i, j) ->
              Math.abs(weight.get(i, j)) * (Math.sqrt(s.get(0, j)) + GRADIENT_SCALE * g.get(i, j)));
    }
  }
}
