package io.sparse24.api.internal;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreFactors;
import io.sparse24.bindings.s24.S24;
import io.sparse24.bindings.s24.s24_api;
import io.sparse24.bindings.s24.s24_margins_args;
import io.sparse24.bindings.s24.s24_prune24_factors_args;
import io.sparse24.bindings.s24.s24_score_factors_args;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Scores by factors, and the sums that factors are made of, beside their session's operations. */
final class NativeFactors {
  private final NativeHost host;
  private final MemorySegment context;
  private final MemorySegment margins;
  private final MemorySegment score;
  private final MemorySegment prune;
  private final MemorySegment marginsFunction;
  private final MemorySegment scoreFunction;
  private final MemorySegment pruneFunction;

  NativeFactors(MemorySegment api, MemorySegment context, Arena arena, NativeHost host) {
    this.host = host;
    this.context = context;
    this.margins = s24_margins_args.allocate(arena);
    this.score = s24_score_factors_args.allocate(arena);
    this.prune = s24_prune24_factors_args.allocate(arena);
    this.marginsFunction = s24_api.margins(api);
    this.scoreFunction = s24_api.score_factors(api);
    this.pruneFunction = s24_api.prune24_factors(api);
  }

  void margins(
      Matrix x, Matrix rowSums, Matrix colSums, Matrix range, boolean allowNonFinite, int kernel) {
    s24_margins_args.rows(margins, x.rows());
    s24_margins_args.cols(margins, x.cols());
    s24_margins_args.x_stride(margins, x.rowStride());
    s24_margins_args.dtype(margins, x.dtype().ordinal());
    s24_margins_args.kernel(margins, kernel);
    s24_margins_args.flags(margins, flags(allowNonFinite));
    MemorySegment work = host.workspace(S24.S24_OP_MARGINS(), margins);
    host.check(
        s24_api.margins.invoke(
            marginsFunction,
            context,
            margins,
            x.segment(),
            rowSums.segment(),
            colSums.segment(),
            range.segment(),
            work));
  }

  void score(Matrix w, ScoreFactors f, Matrix out, boolean allowNonFinite, int kernel) {
    s24_score_factors_args.n(score, w.rows());
    s24_score_factors_args.k(score, w.cols());
    s24_score_factors_args.w_stride(score, w.rowStride());
    s24_score_factors_args.g_stride(score, stride(f.g(), w));
    s24_score_factors_args.out_stride(score, out.rowStride());
    s24_score_factors_args.w_dtype(score, w.dtype().ordinal());
    s24_score_factors_args.kernel(score, kernel);
    s24_score_factors_args.power(score, f.power());
    s24_score_factors_args.flags(score, flags(allowNonFinite));
    s24_score_factors_args.g_scale(score, f.gScale());
    s24_score_factors_args.g_least(score, f.gLeast());
    MemorySegment work = host.workspace(S24.S24_OP_SCORE_FACTORS(), score);
    host.check(
        s24_api.score_factors.invoke(
            scoreFunction,
            context,
            score,
            w.segment(),
            segment(f.a()),
            segment(f.b()),
            segment(f.r()),
            segment(f.g()),
            out.segment(),
            work));
  }

  void prune(Matrix w, ScoreFactors f, Compressed24 out, boolean allowNonFinite, int kernel) {
    s24_prune24_factors_args.n(prune, w.rows());
    s24_prune24_factors_args.k(prune, w.cols());
    s24_prune24_factors_args.w_stride(prune, w.rowStride());
    s24_prune24_factors_args.g_stride(prune, stride(f.g(), w));
    s24_prune24_factors_args.values_stride(prune, out.values().rowStride());
    s24_prune24_factors_args.mask_stride(prune, out.mask().rowStride());
    s24_prune24_factors_args.dtype(prune, w.dtype().ordinal());
    s24_prune24_factors_args.kernel(prune, kernel);
    s24_prune24_factors_args.power(prune, f.power());
    s24_prune24_factors_args.flags(prune, flags(allowNonFinite));
    s24_prune24_factors_args.g_scale(prune, f.gScale());
    s24_prune24_factors_args.g_least(prune, f.gLeast());
    MemorySegment work = host.workspace(S24.S24_OP_PRUNE24_FACTORS(), prune);
    host.check(
        s24_api.prune24_factors.invoke(
            pruneFunction,
            context,
            prune,
            w.segment(),
            segment(f.a()),
            segment(f.b()),
            segment(f.r()),
            segment(f.g()),
            out.values().segment(),
            out.mask().segment(),
            work));
  }

  private static int flags(boolean allowNonFinite) {
    return allowNonFinite ? S24.S24_ALLOW_NON_FINITE() : 0;
  }

  /** The contract wants a stride also where there is no matrix. */
  private static long stride(@Nullable Matrix g, Matrix w) {
    return g == null ? w.cols() : g.rowStride();
  }

  private static MemorySegment segment(@Nullable Matrix matrix) {
    return matrix == null ? MemorySegment.NULL : matrix.segment();
  }
}
