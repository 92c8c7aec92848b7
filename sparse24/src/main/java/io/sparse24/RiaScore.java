package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.util.Objects;

/**
 * Relative importance and activations: (|W_ij| / Σ_i |W_ij| + |W_ij| / Σ_j |W_ij|) · (√s_j)^½, s
 * the squared column norms of the inputs (Zhang et al. 2024, ICLR). What is small in a column or
 * row of small weights may stay, so that fewer channels are lost as a whole. The factor of |W_ij|
 * is (√s_j)^½ / Σ_i |W_ij| + (√s_j)^½ · 1 / Σ_j |W_ij|; of a column or row of zeros it is 0.
 */
final class RiaScore implements FactorScore {
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
  public ScoreFactors factors(Session session, Scratch scratch, Matrix w, Evidence evidence) {
    Matrix rowSums = scratch.matrix(1, w.rows(), DType.F32);
    Matrix colSums = scratch.matrix(1, w.cols(), DType.F32);
    session.margins(w, rowSums, colSums, scratch.matrix(1, 2, DType.F32));
    float[] sums = Factors.download(session, scratch, colSums);
    float[] s =
        Factors.download(session, scratch, Objects.requireNonNull(evidence.norms(), "norms"));
    Matrix activations = Factors.upload(session, scratch, s.length, j -> Math.pow(s[j], A / 2));
    Matrix byColumns =
        Factors.upload(
            session, scratch, s.length, j -> sums[j] == 0 ? 0 : Math.pow(s[j], A / 2) / sums[j]);
    Matrix byRows = Factors.map(session, scratch, rowSums, sum -> sum == 0 ? 0 : 1 / sum);
    return ScoreFactors.ofColumns(byColumns).plusRows(activations, byRows);
  }
}
