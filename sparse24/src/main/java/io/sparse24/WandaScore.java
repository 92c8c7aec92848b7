package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Session;
import org.jspecify.annotations.Nullable;

/** |W| · √s, s the squared column norms of the inputs (Sun et al. 2023, arXiv 2306.11695). */
final class WandaScore implements Score {
  @Override
  public String name() {
    return "wanda";
  }

  @Override
  public boolean needsNorms() {
    return true;
  }

  @Override
  public ScoreKind fused() {
    return ScoreKind.WANDA;
  }

  @Override
  public void compute(Session session, Matrix w, @Nullable Matrix norms, Matrix out) {
    session.score(w, ScoreKind.WANDA, norms, out);
  }
}
