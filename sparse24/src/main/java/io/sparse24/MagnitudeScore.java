package io.sparse24;

import io.sparse24.api.Compressed24;
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
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    session.score(w, ScoreKind.MAGNITUDE, null, out);
  }

  @Override
  public void prune24(Session session, Matrix w, Evidence evidence, Compressed24 out) {
    session.prune24(w, ScoreKind.MAGNITUDE, null, out);
  }
}
