package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.Objects;

/**
 * Relative importance and activations: (|W_ij| / Σ_i |W_ij| + |W_ij| / Σ_j |W_ij|) · (√s_j)^½, s
 * the squared column norms of the inputs (Zhang et al. 2024, ICLR). What is small in a column or
 * row of small weights may stay, so that fewer channels are lost as a whole. Sums are in float64;
 * computed in Java.
 */
final class RiaScore implements Score {
  /** The exponent of the activations' norm. */
  private static final double A = 0.5;

  @Override
  public String name() {
    return "ria";
  }

  @Override
  public boolean comparesRows() {
    return false;
  }

  @Override
  public boolean needsNorms() {
    return true;
  }

  @Override
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    Matrix squared = Objects.requireNonNull(evidence.norms(), "norms");
    try (HostScore host = new HostScore(session)) {
      Matrix weight = host.of(w);
      Matrix s = host.of(squared);
      int k = Math.toIntExact(w.cols());
      double[] columns = new double[k];
      double[] rows = new double[Math.toIntExact(w.rows())];
      for (int i = 0; i < rows.length; i++) {
        for (int j = 0; j < k; j++) {
          double size = Math.abs(weight.get(i, j));
          columns[j] += size;
          rows[i] += size;
        }
      }
      double[] activations = new double[k];
      for (int j = 0; j < k; j++) {
        activations[j] = Math.pow(s.get(0, j), A / 2);
      }
      host.put(
          out,
          (i, j) -> {
            double size = Math.abs(weight.get(i, j));
            return size == 0 ? 0 : (size / columns[j] + size / rows[(int) i]) * activations[j];
          });
    }
  }
}
