package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;

/** |W|. */
final class MagnitudeScore implements Score {
  @Override
  public String name() {
    return "magnitude";
  }

  @Override
  public boolean comparesRows() {
    return false;
  }

  @Override
  public ScoreKind fused() {
    return ScoreKind.MAGNITUDE;
  }

  @Override
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    session.score(w, ScoreKind.MAGNITUDE, null, out);
  }
}
