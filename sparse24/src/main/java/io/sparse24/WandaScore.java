package io.sparse24;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;

/** |W| · √s, s the squared column norms of the inputs (Sun et al. 2023, arXiv 2306.11695). */
sealed class WandaScore implements Score permits MoePrunerScore {
  @Override
  public String name() {
    return "wanda";
  }

  @Override
  public boolean needsNorms() {
    return true;
  }

  @Override
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    session.score(w, ScoreKind.WANDA, evidence.norms(), out);
  }

  @Override
  public void prune24(Session session, Matrix w, Evidence evidence, Compressed24 out) {
    session.prune24(w, ScoreKind.WANDA, evidence.norms(), out);
  }
}
