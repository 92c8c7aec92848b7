package io.sparse24.api.reference;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.Sparse24Exception;
import org.jspecify.annotations.Nullable;

/** Scores by factors, rounded as the contract has it, and the sums that factors are made of. */
final class ReferenceFactors {
  private ReferenceFactors() {}

  static void margins(
      Matrix x, Matrix rowSums, Matrix colSums, Matrix range, boolean allowNonFinite) {
    double[] columns = new double[Math.toIntExact(x.cols())];
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (long i = 0; i < x.rows(); i++) {
      double row = 0;
      for (int j = 0; j < columns.length; j++) {
        float v = x.get(i, j);
        ReferenceSession.finite("x", i, j, v, allowNonFinite);
        row += Math.abs(v);
        columns[j] += Math.abs(v);
        if (!Float.isNaN(v)) {
          least = Math.min(least, v);
          most = Math.max(most, v);
        }
      }
      rowSums.set(0, i, (float) row);
    }
    for (int j = 0; j < columns.length; j++) {
      colSums.set(0, j, (float) columns[j]);
    }
    range.set(0, 0, least);
    range.set(0, 1, most);
  }

  static void score(Matrix w, ScoreFactors f, Matrix out, boolean allowNonFinite) {
    for (long i = 0; i < w.rows(); i++) {
      for (long j = 0; j < w.cols(); j++) {
        out.set(i, j, scoreOf(w, f, i, j, allowNonFinite));
      }
    }
  }

  static void prune(Matrix w, ScoreFactors f, Compressed24 out, boolean allowNonFinite) {
    float[] group = new float[4];
    for (long i = 0; i < w.rows(); i++) {
      ReferenceSession.clearRow(out.mask(), i);
      for (long j = 0; j < w.cols(); j += 4) {
        for (int t = 0; t < 4; t++) {
          group[t] = scoreOf(w, f, i, j + t, allowNonFinite);
        }
        long slot = j / 2;
        for (int t = 0; t < 4; t++) {
          if (ReferenceSession.rank(group, t) < 2) {
            out.mask().set(i, j + t, true);
            ReferenceSession.copyElement(w, i, j + t, out.values(), i, slot++);
          }
        }
      }
    }
  }

  private static float scoreOf(Matrix w, ScoreFactors f, long i, long j, boolean allowNonFinite) {
    float factor = -0.0f; // which leaves the first term as it is
    Matrix a = f.a();
    Matrix b = f.b();
    Matrix r = f.r();
    Matrix g = f.g();
    if (a != null) {
      factor += a.get(0, j);
    }
    if (b != null && r != null) {
      factor += b.get(0, j) * r.get(0, i);
    }
    if (g != null) {
      factor += f.gScale() * (g.get(i, j) - f.gLeast());
    }
    float size = Math.abs(w.get(i, j));
    float score = f.power() == 2 ? size * factor * size : size * factor;
    if (!allowNonFinite && !Float.isFinite(score)) {
      ReferenceSession.finite("w", i, j, w.get(i, j), false);
      vector("a", a, j);
      vector("b", b, j);
      vector("r", r, i);
      if (g != null) {
        ReferenceSession.finite("g", i, j, g.get(i, j), false);
      }
      throw new Sparse24Exception.BadData("the score of w[" + i + ", " + j + "] overflows F32");
    }
    return score;
  }

  private static void vector(String what, @Nullable Matrix v, long index) {
    if (v != null && !Float.isFinite(v.get(0, index))) {
      throw new Sparse24Exception.BadData(
          what + "[" + index + "] is " + ReferenceSession.nonFinite(v.get(0, index)));
    }
  }
}
