package io.sparse24.api.internal;

import io.sparse24.api.AttentionShape;
import io.sparse24.api.Ids;
import io.sparse24.api.Matrix;
import io.sparse24.api.spi.BackendLayers;
import io.sparse24.bindings.s24.S24;
import io.sparse24.bindings.s24.s24_api;
import io.sparse24.bindings.s24.s24_attention_args;
import io.sparse24.bindings.s24.s24_attention_grad_args;
import io.sparse24.bindings.s24.s24_cross_entropy_args;
import io.sparse24.bindings.s24.s24_embed_args;
import io.sparse24.bindings.s24.s24_rmsnorm_args;
import io.sparse24.bindings.s24.s24_rmsnorm_grad_args;
import io.sparse24.bindings.s24.s24_rope_args;
import io.sparse24.bindings.s24.s24_swiglu_args;
import io.sparse24.bindings.s24.s24_swiglu_grad_args;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A decoder's operations of a kernel library, beside its session's and in the same way. */
final class NativeLayers implements BackendLayers {
  private final NativeHost host;
  private final MemorySegment context;
  private final MemorySegment embed;
  private final MemorySegment rmsnorm;
  private final MemorySegment rmsnormGrad;
  private final MemorySegment rope;
  private final MemorySegment attention;
  private final MemorySegment attentionGrad;
  private final MemorySegment attentionGradForward;
  private final MemorySegment swiglu;
  private final MemorySegment swigluGrad;
  private final MemorySegment crossEntropy;

  private final MemorySegment embedFunction;
  private final MemorySegment embedGradFunction;
  private final MemorySegment rmsnormFunction;
  private final MemorySegment rmsnormGradFunction;
  private final MemorySegment ropeFunction;
  private final MemorySegment attentionFunction;
  private final MemorySegment attentionGradFunction;
  private final MemorySegment swigluFunction;
  private final MemorySegment swigluGradFunction;
  private final MemorySegment crossEntropyFunction;

  NativeLayers(MemorySegment api, MemorySegment context, Arena arena, NativeHost host) {
    this.host = host;
    this.context = context;
    this.embed = s24_embed_args.allocate(arena);
    this.rmsnorm = s24_rmsnorm_args.allocate(arena);
    this.rmsnormGrad = s24_rmsnorm_grad_args.allocate(arena);
    this.rope = s24_rope_args.allocate(arena);
    this.attention = s24_attention_args.allocate(arena);
    this.attentionGrad = s24_attention_grad_args.allocate(arena);
    this.attentionGradForward = s24_attention_grad_args.forward(attentionGrad);
    this.swiglu = s24_swiglu_args.allocate(arena);
    this.swigluGrad = s24_swiglu_grad_args.allocate(arena);
    this.crossEntropy = s24_cross_entropy_args.allocate(arena);
    this.embedFunction = s24_api.embed(api);
    this.embedGradFunction = s24_api.embed_grad(api);
    this.rmsnormFunction = s24_api.rmsnorm(api);
    this.rmsnormGradFunction = s24_api.rmsnorm_grad(api);
    this.ropeFunction = s24_api.rope(api);
    this.attentionFunction = s24_api.attention(api);
    this.attentionGradFunction = s24_api.attention_grad(api);
    this.swigluFunction = s24_api.swiglu(api);
    this.swigluGradFunction = s24_api.swiglu_grad(api);
    this.crossEntropyFunction = s24_api.cross_entropy(api);
  }

  private void embedArgs(Matrix x, Matrix table, int kernel) {
    s24_embed_args.rows(embed, x.rows());
    s24_embed_args.cols(embed, x.cols());
    s24_embed_args.table_rows(embed, table.rows());
    s24_embed_args.table_stride(embed, table.rowStride());
    s24_embed_args.x_stride(embed, x.rowStride());
    s24_embed_args.dtype(embed, x.dtype().ordinal());
    s24_embed_args.kernel(embed, kernel);
  }

  @Override
  public void embed(Ids ids, Matrix table, Matrix x, int kernel) {
    embedArgs(x, table, kernel);
    MemorySegment work = host.workspace(S24.S24_OP_EMBED(), embed);
    host.check(
        s24_api.embed.invoke(
            embedFunction, context, embed, ids.segment(), table.segment(), x.segment(), work));
  }

  @Override
  public void embedGrad(Ids ids, Matrix x, Matrix table, int kernel) {
    embedArgs(x, table, kernel);
    MemorySegment work = host.workspace(S24.S24_OP_EMBED_GRAD(), embed);
    host.check(
        s24_api.embed_grad.invoke(
            embedGradFunction, context, embed, ids.segment(), x.segment(), table.segment(), work));
  }

  @Override
  public void rmsnorm(Matrix x, Matrix w, float epsilon, Matrix y, @Nullable Matrix r, int kernel) {
    s24_rmsnorm_args.rows(rmsnorm, x.rows());
    s24_rmsnorm_args.cols(rmsnorm, x.cols());
    s24_rmsnorm_args.x_stride(rmsnorm, x.rowStride());
    s24_rmsnorm_args.y_stride(rmsnorm, y.rowStride());
    s24_rmsnorm_args.dtype(rmsnorm, x.dtype().ordinal());
    s24_rmsnorm_args.kernel(rmsnorm, kernel);
    s24_rmsnorm_args.epsilon(rmsnorm, epsilon);
    MemorySegment work = host.workspace(S24.S24_OP_RMSNORM(), rmsnorm);
    host.check(
        s24_api.rmsnorm.invoke(
            rmsnormFunction,
            context,
            rmsnorm,
            x.segment(),
            w.segment(),
            y.segment(),
            segment(r),
            work));
  }

  @Override
  public void rmsnormGrad(
      Matrix x, Matrix w, Matrix r, Matrix dy, float beta, Matrix dx, Matrix dw, int kernel) {
    s24_rmsnorm_grad_args.rows(rmsnormGrad, x.rows());
    s24_rmsnorm_grad_args.cols(rmsnormGrad, x.cols());
    s24_rmsnorm_grad_args.x_stride(rmsnormGrad, x.rowStride());
    s24_rmsnorm_grad_args.dy_stride(rmsnormGrad, dy.rowStride());
    s24_rmsnorm_grad_args.dx_stride(rmsnormGrad, dx.rowStride());
    s24_rmsnorm_grad_args.dtype(rmsnormGrad, x.dtype().ordinal());
    s24_rmsnorm_grad_args.kernel(rmsnormGrad, kernel);
    s24_rmsnorm_grad_args.beta(rmsnormGrad, beta);
    MemorySegment work = host.workspace(S24.S24_OP_RMSNORM_GRAD(), rmsnormGrad);
    host.check(
        s24_api.rmsnorm_grad.invoke(
            rmsnormGradFunction,
            context,
            rmsnormGrad,
            x.segment(),
            w.segment(),
            r.segment(),
            dy.segment(),
            dx.segment(),
            dw.segment(),
            work));
  }

  @Override
  public void rope(
      Matrix cosines,
      Matrix sines,
      long heads,
      long start,
      long period,
      boolean inverse,
      Matrix x,
      int kernel) {
    s24_rope_args.rows(rope, x.rows());
    s24_rope_args.heads(rope, heads);
    s24_rope_args.head_dim(rope, 2 * cosines.cols());
    s24_rope_args.x_stride(rope, x.rowStride());
    s24_rope_args.positions(rope, cosines.rows());
    s24_rope_args.start(rope, start);
    s24_rope_args.period(rope, period);
    s24_rope_args.dtype(rope, x.dtype().ordinal());
    s24_rope_args.kernel(rope, kernel);
    s24_rope_args.inverse(rope, inverse ? 1 : 0);
    MemorySegment work = host.workspace(S24.S24_OP_ROPE(), rope);
    host.check(
        s24_api.rope.invoke(
            ropeFunction, context, rope, cosines.segment(), sines.segment(), x.segment(), work));
  }

  private static void attentionArgs(
      MemorySegment args,
      AttentionShape shape,
      long kvRows,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix y,
      int kernel) {
    s24_attention_args.batch(args, shape.batch());
    s24_attention_args.q_rows(args, q.rows() / shape.batch());
    s24_attention_args.kv_rows(args, kvRows);
    s24_attention_args.kv_stride(args, k.rows() / shape.batch());
    s24_attention_args.heads(args, shape.heads());
    s24_attention_args.kv_heads(args, shape.kvHeads());
    s24_attention_args.head_dim(args, shape.headDim(q));
    s24_attention_args.q_row(args, q.rowStride());
    s24_attention_args.k_row(args, k.rowStride());
    s24_attention_args.v_row(args, v.rowStride());
    s24_attention_args.y_row(args, y.rowStride());
    s24_attention_args.dtype(args, q.dtype().ordinal());
    s24_attention_args.kernel(args, kernel);
    s24_attention_args.scale(args, shape.scale());
    s24_attention_args.causal(args, shape.causal() ? 1 : 0);
  }

  @Override
  public void attention(
      AttentionShape shape,
      long kvRows,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix y,
      @Nullable Matrix lse,
      int kernel) {
    attentionArgs(attention, shape, kvRows, q, k, v, y, kernel);
    MemorySegment work = host.workspace(S24.S24_OP_ATTENTION(), attention);
    host.check(
        s24_api.attention.invoke(
            attentionFunction,
            context,
            attention,
            q.segment(),
            k.segment(),
            v.segment(),
            y.segment(),
            segment(lse),
            work));
  }

  @Override
  public void attentionGrad(
      AttentionShape shape,
      long kvRows,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix y,
      Matrix lse,
      Matrix dy,
      Matrix dq,
      Matrix dk,
      Matrix dv,
      int kernel) {
    attentionArgs(attentionGradForward, shape, kvRows, q, k, v, y, kernel);
    s24_attention_grad_args.dy_row(attentionGrad, dy.rowStride());
    s24_attention_grad_args.dq_row(attentionGrad, dq.rowStride());
    s24_attention_grad_args.dk_row(attentionGrad, dk.rowStride());
    s24_attention_grad_args.dv_row(attentionGrad, dv.rowStride());
    s24_attention_grad_args.kernel(attentionGrad, kernel);
    MemorySegment work = host.workspace(S24.S24_OP_ATTENTION_GRAD(), attentionGrad);
    host.check(
        s24_api.attention_grad.invoke(
            attentionGradFunction,
            context,
            attentionGrad,
            q.segment(),
            k.segment(),
            v.segment(),
            y.segment(),
            lse.segment(),
            dy.segment(),
            dq.segment(),
            dk.segment(),
            dv.segment(),
            work));
  }

  @Override
  public void swiglu(Matrix g, Matrix u, Matrix y, int kernel) {
    s24_swiglu_args.rows(swiglu, g.rows());
    s24_swiglu_args.cols(swiglu, g.cols());
    s24_swiglu_args.g_stride(swiglu, g.rowStride());
    s24_swiglu_args.u_stride(swiglu, u.rowStride());
    s24_swiglu_args.y_stride(swiglu, y.rowStride());
    s24_swiglu_args.dtype(swiglu, g.dtype().ordinal());
    s24_swiglu_args.kernel(swiglu, kernel);
    MemorySegment work = host.workspace(S24.S24_OP_SWIGLU(), swiglu);
    host.check(
        s24_api.swiglu.invoke(
            swigluFunction, context, swiglu, g.segment(), u.segment(), y.segment(), work));
  }

  @Override
  public void swigluGrad(Matrix g, Matrix u, Matrix dy, Matrix dg, Matrix du, int kernel) {
    s24_swiglu_grad_args.rows(swigluGrad, g.rows());
    s24_swiglu_grad_args.cols(swigluGrad, g.cols());
    s24_swiglu_grad_args.g_stride(swigluGrad, g.rowStride());
    s24_swiglu_grad_args.u_stride(swigluGrad, u.rowStride());
    s24_swiglu_grad_args.dy_stride(swigluGrad, dy.rowStride());
    s24_swiglu_grad_args.dg_stride(swigluGrad, dg.rowStride());
    s24_swiglu_grad_args.du_stride(swigluGrad, du.rowStride());
    s24_swiglu_grad_args.dtype(swigluGrad, g.dtype().ordinal());
    s24_swiglu_grad_args.kernel(swigluGrad, kernel);
    MemorySegment work = host.workspace(S24.S24_OP_SWIGLU_GRAD(), swigluGrad);
    host.check(
        s24_api.swiglu_grad.invoke(
            swigluGradFunction,
            context,
            swigluGrad,
            g.segment(),
            u.segment(),
            dy.segment(),
            dg.segment(),
            du.segment(),
            work));
  }

  @Override
  public void crossEntropy(
      Matrix logits, Ids targets, float scale, Matrix loss, @Nullable Matrix gradient, int kernel) {
    s24_cross_entropy_args.rows(crossEntropy, logits.rows());
    s24_cross_entropy_args.cols(crossEntropy, logits.cols());
    s24_cross_entropy_args.logits_stride(crossEntropy, logits.rowStride());
    s24_cross_entropy_args.gradient_stride(
        crossEntropy, gradient == null ? 0 : gradient.rowStride());
    s24_cross_entropy_args.dtype(crossEntropy, logits.dtype().ordinal());
    s24_cross_entropy_args.kernel(crossEntropy, kernel);
    s24_cross_entropy_args.scale(crossEntropy, scale);
    MemorySegment work = host.workspace(S24.S24_OP_CROSS_ENTROPY(), crossEntropy);
    host.check(
        s24_api.cross_entropy.invoke(
            crossEntropyFunction,
            context,
            crossEntropy,
            logits.segment(),
            targets.segment(),
            loss.segment(),
            segment(gradient),
            work));
  }

  private static MemorySegment segment(@Nullable Matrix matrix) {
    return matrix == null ? MemorySegment.NULL : matrix.segment();
  }
}
