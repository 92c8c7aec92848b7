package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendSession;
import org.jspecify.annotations.Nullable;

/** The operations of {@link Session} that sum norms, score, select and prune. */
final class Pruning {
  private final Calls calls;
  private final BackendSession backend;
  private final String name;

  Pruning(Calls calls) {
    this.calls = calls;
    this.backend = calls.backend();
    this.name = calls.name();
  }

  void accumulateNorms(Matrix x, Matrix s, float decay, float scale) {
    Checks.vector("s", s, x.cols());
    Checks.finite("decay", decay);
    Checks.finite("scale", scale);
    Checks.writable("s", s.segment());
    Checks.noOverlap("s", s, "x", x);
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("s", s);
      OperationEvent event = OperationEvent.start();
      backend.accumulateNorms(
          x, s, decay, scale, calls.allowNonFinite(), calls.kernel(Op.ACCUMULATE_NORMS, x.dtype()));
      OperationEvent.finish(event, Op.ACCUMULATE_NORMS, name, x.dtype(), x.rows(), 0, x.cols());
    }
  }

  void score(Matrix w, ScoreKind kind, @Nullable Matrix s, Matrix out) {
    Checks.shape("out", out, w.rows(), w.cols(), DType.F32);
    Checks.norms(kind, s, w.cols());
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "w", w);
    Checks.noOverlap("out", out, "s", s);
    try (Turn _ = calls.enter()) {
      calls.place("w", w);
      calls.place("out", out);
      calls.place("s", s);
      OperationEvent event = OperationEvent.start();
      backend.score(w, kind, s, out, calls.allowNonFinite(), calls.kernel(Op.SCORE, w.dtype()));
      OperationEvent.finish(event, Op.SCORE, name, w.dtype(), 0, w.rows(), w.cols());
    }
  }

  void margins(Matrix x, Matrix rowSums, Matrix colSums, Matrix range) {
    if (x.rows() == 0 || x.cols() == 0) {
      throw new IllegalArgumentException("x: is " + x + ", must have rows and columns");
    }
    Checks.vector("rowSums", rowSums, x.rows());
    Checks.vector("colSums", colSums, x.cols());
    Checks.vector("range", range, 2);
    Checks.writable("rowSums", rowSums.segment());
    Checks.writable("colSums", colSums.segment());
    Checks.writable("range", range.segment());
    Checks.noOverlap("rowSums", rowSums, "x", x);
    Checks.noOverlap("colSums", colSums, "x", x);
    Checks.noOverlap("range", range, "x", x);
    Checks.noOverlap("rowSums", rowSums, "colSums", colSums);
    Checks.noOverlap("rowSums", rowSums, "range", range);
    Checks.noOverlap("colSums", colSums, "range", range);
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("rowSums", rowSums);
      calls.place("colSums", colSums);
      calls.place("range", range);
      OperationEvent event = OperationEvent.start();
      int kernel = calls.kernel(Op.MARGINS, x.dtype());
      backend.margins(x, rowSums, colSums, range, calls.allowNonFinite(), kernel);
      OperationEvent.finish(event, Op.MARGINS, name, x.dtype(), 0, x.rows(), x.cols());
    }
  }

  void score(Matrix w, ScoreFactors factors, Matrix out) {
    Checks.shape("out", out, w.rows(), w.cols(), DType.F32);
    Checks.factors(factors, w);
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "w", w);
    Checks.noOverlap("out", out, "factors.a", factors.a());
    Checks.noOverlap("out", out, "factors.b", factors.b());
    Checks.noOverlap("out", out, "factors.r", factors.r());
    Checks.noOverlap("out", out, "factors.g", factors.g());
    try (Turn _ = calls.enter()) {
      calls.place("w", w);
      place(factors);
      calls.place("out", out);
      OperationEvent event = OperationEvent.start();
      int kernel = calls.kernel(Op.SCORE_FACTORS, w.dtype());
      backend.score(w, factors, out, calls.allowNonFinite(), kernel);
      OperationEvent.finish(event, Op.SCORE_FACTORS, name, w.dtype(), 0, w.rows(), w.cols());
    }
  }

  void prune24(Matrix w, ScoreFactors factors, Compressed24 out) {
    Checks.compressed("out", out, w);
    Checks.factors(factors, w);
    Checks.output(out);
    Checks.noOverlap(out, "w", w);
    Checks.noOverlap(out, "factors.a", factors.a());
    Checks.noOverlap(out, "factors.b", factors.b());
    Checks.noOverlap(out, "factors.r", factors.r());
    Checks.noOverlap(out, "factors.g", factors.g());
    try (Turn _ = calls.enter()) {
      placePruned(w, null, out);
      place(factors);
      OperationEvent event = OperationEvent.start();
      int kernel = calls.kernel(Op.PRUNE24_FACTORS, w.dtype());
      backend.prune24(w, factors, out, calls.allowNonFinite(), kernel);
      OperationEvent.finish(event, Op.PRUNE24_FACTORS, name, w.dtype(), 0, w.rows(), w.cols());
    }
  }

  private void place(ScoreFactors factors) {
    calls.place("factors.a", factors.a());
    calls.place("factors.b", factors.b());
    calls.place("factors.r", factors.r());
    calls.place("factors.g", factors.g());
  }

  void select(Matrix scores, int keep, int of, Mask out) {
    Checks.shape("scores", scores, out.rows(), out.cols(), DType.F32);
    if (of < 1 || of > 64) {
      throw new IllegalArgumentException("of: is " + of + ", must be between 1 and 64");
    }
    if (keep < 0 || keep > of) {
      throw new IllegalArgumentException("keep: is " + keep + ", must be between 0 and of = " + of);
    }
    Checks.multiple("scores: k", scores.cols(), of);
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "scores", scores);
    try (Turn _ = calls.enter()) {
      calls.place("scores", scores);
      calls.place("out", out);
      OperationEvent event = OperationEvent.start();
      backend.select(
          scores, keep, of, out, calls.allowNonFinite(), calls.kernel(Op.SELECT, DType.F32));
      OperationEvent.finish(event, Op.SELECT, name, DType.F32, 0, out.rows(), out.cols());
    }
  }

  void prune24(Matrix w, ScoreKind kind, @Nullable Matrix s, Compressed24 out, boolean require24) {
    checkPruned(w, kind, s, out);
    try (Turn _ = calls.enter()) {
      placePruned(w, s, out);
      OperationEvent event = OperationEvent.start();
      backend.prune24(
          w, kind, s, out, calls.allowNonFinite(), require24, calls.kernel(Op.PRUNE24, w.dtype()));
      OperationEvent.finish(event, Op.PRUNE24, name, w.dtype(), 0, w.rows(), w.cols());
    }
  }

  private static void checkPruned(Matrix w, ScoreKind kind, @Nullable Matrix s, Compressed24 out) {
    Checks.compressed("out", out, w);
    Checks.norms(kind, s, w.cols());
    Checks.output(out);
    Checks.noOverlap(out, "w", w);
    Checks.noOverlap(out, "s", s);
  }

  private void placePruned(Matrix w, @Nullable Matrix s, Compressed24 out) {
    calls.place("s", s);
    calls.place("w", w);
    calls.place("out.values", out.values());
    calls.place("out.mask", out.mask());
  }

  void doublePrune24(Compressed24 in, Compressed24 out) {
    Checks.floats("in.values", in.values());
    Checks.multiple("in: n", in.n(), 4);
    Checks.sized("out", out, in.k(), in.n(), in.dtype());
    Checks.output(out);
    Checks.noOverlap(out, "in.values", in.values());
    Checks.noOverlap("out.values", out.values(), "in.mask", in.mask());
    Checks.noOverlap("out.mask", out.mask(), "in.mask", in.mask());
    try (Turn _ = calls.enter()) {
      calls.place("in.values", in.values());
      calls.place("in.mask", in.mask());
      calls.place("out.values", out.values());
      calls.place("out.mask", out.mask());
      OperationEvent event = OperationEvent.start();
      backend.doublePrune24(in, out, calls.kernel(Op.DOUBLE_PRUNE24, in.dtype()));
      OperationEvent.finish(event, Op.DOUBLE_PRUNE24, name, in.dtype(), 0, in.n(), in.k());
    }
  }

  void prune24Both(
      Matrix w, ScoreKind kind, @Nullable Matrix s, Compressed24 out, Compressed24 transpose) {
    Checks.floats("w", w);
    Checks.multiple("w: n", w.rows(), 4);
    checkPruned(w, kind, s, out);
    Checks.sized("transpose", transpose, w.cols(), w.rows(), w.dtype());
    Checks.transpose(w, s, out, transpose);
    try (Turn _ = calls.enter()) {
      placePruned(w, s, out);
      calls.place("transpose.values", transpose.values());
      calls.place("transpose.mask", transpose.mask());
      OperationEvent event = OperationEvent.start();
      int kernel = calls.kernel(Op.PRUNE24_BOTH, w.dtype());
      backend.prune24Both(w, kind, s, out, transpose, calls.allowNonFinite(), kernel);
      OperationEvent.finish(event, Op.PRUNE24_BOTH, name, w.dtype(), 0, w.rows(), w.cols());
    }
  }

  void refresh24(Compressed24 in, Compressed24 out) {
    Checks.floats("in.values", in.values());
    Checks.multiple("in: n", in.n(), 4);
    Checks.sized("out", out, in.k(), in.n(), in.dtype());
    Checks.writable("out.values", out.values().segment());
    Checks.noOverlap("out.values", out.values(), "in.values", in.values());
    Checks.noOverlap("out.values", out.values(), "in.mask", in.mask());
    Checks.noOverlap("out.values", out.values(), "out.mask", out.mask());
    try (Turn _ = calls.enter()) {
      calls.place("in.values", in.values());
      calls.place("in.mask", in.mask());
      calls.place("out.values", out.values());
      calls.place("out.mask", out.mask());
      OperationEvent event = OperationEvent.start();
      backend.refresh24(in, out, calls.kernel(Op.REFRESH24, in.dtype()));
      OperationEvent.finish(event, Op.REFRESH24, name, in.dtype(), 0, in.n(), in.k());
    }
  }
}
