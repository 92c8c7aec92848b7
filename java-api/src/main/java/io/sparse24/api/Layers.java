package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendLayers;
import org.jspecify.annotations.Nullable;

/**
 * What a decoder of the Llama family needs beside its products, forward and back: embedding,
 * RMSNorm, rotary positions, attention, SwiGLU, cross entropy ({@link Session#layers}).
 *
 * <p>Matrices are of F32, BF16 or F16, all of one call of the same type where none is named; sums,
 * exponentials and roots are computed in F32 or better; NaN and Inf propagate. An output shares no
 * memory with an input, except where it may be that input itself. As with every operation of a
 * session, memory is the caller's, and a call allocates nothing.
 */
public final class Layers {
  private final Calls calls;
  private final BackendLayers backend;
  private final String name;

  Layers(Calls calls) {
    this.calls = calls;
    this.backend = calls.backend().layers();
    this.name = calls.name();
  }

  /**
   * Rows of a table: {@code x[i, :] = table[ids[i], :]}, bits copied.
   *
   * @param ids as many as x has rows
   * @param table {@code [tableRows, cols]}
   * @param x {@code [rows, cols]}, written
   * @throws Sparse24Exception.BadData if an id is not a row of the table, with the first place
   */
  public void embed(Ids ids, Matrix table, Matrix x) {
    Checks.floats("table", table);
    Checks.shape("x", x, x.rows(), table.cols(), table.dtype());
    Checks.count("ids", ids, x.rows());
    Checks.writable("x", x.segment());
    Checks.noOverlap("x", x, "table", table);
    Checks.noOverlap("x", x, "ids", ids);
    try (Turn _ = calls.enter()) {
      calls.place("ids", ids.buffer());
      calls.place("table", table);
      calls.place("x", x);
      OperationEvent event = OperationEvent.start();
      backend.embed(ids, table, x, calls.kernel(Op.EMBED, x.dtype()));
      finish(event, Op.EMBED, x);
    }
  }

  /**
   * The gradient of the table: {@code table[v, :] += Σ x[i, :]} over rows i with {@code ids[i] =
   * v}, i rising.
   *
   * @param ids as many as x has rows
   * @param x gradient of the rows, {@code [rows, cols]}
   * @param table {@code [tableRows, cols]} F32, added to
   * @throws Sparse24Exception.BadData if an id is not a row of the table, with the first place
   */
  public void embedGrad(Ids ids, Matrix x, Matrix table) {
    Checks.floats("x", x);
    Checks.shape("table", table, table.rows(), x.cols(), DType.F32);
    Checks.count("ids", ids, x.rows());
    Checks.writable("table", table.segment());
    Checks.noOverlap("table", table, "x", x);
    Checks.noOverlap("table", table, "ids", ids);
    try (Turn _ = calls.enter()) {
      calls.place("ids", ids.buffer());
      calls.place("x", x);
      calls.place("table", table);
      OperationEvent event = OperationEvent.start();
      backend.embedGrad(ids, x, table, calls.kernel(Op.EMBED_GRAD, x.dtype()));
      finish(event, Op.EMBED_GRAD, x);
    }
  }

  /**
   * RMSNorm (Zhang and Sennrich, <a href="https://arxiv.org/abs/1910.07467">arXiv 1910.07467</a>):
   * {@code y[i, j] = w[j] · x[i, j] · r[i]}, {@code r[i] = 1 / √(mean over j of x[i, j]² +
   * epsilon)}.
   *
   * @param x {@code [rows, cols]}
   * @param w {@code [1, cols]} F32
   * @param epsilon not less than 0
   * @param y {@code [rows, cols]}, written; may be x
   * @param r {@code [1, rows]} F32, written, for {@link #rmsnormGrad}; or null
   */
  public void rmsnorm(Matrix x, Matrix w, float epsilon, Matrix y, @Nullable Matrix r) {
    Checks.floats("x", x);
    Checks.vector("w", w, x.cols());
    Checks.like("y", y, x);
    Checks.writable("y", y.segment());
    Checks.noOverlap("y", y, "w", w);
    Checks.sameOrApart("y", y, "x", x);
    if (r != null) {
      Checks.vector("r", r, x.rows());
      Checks.writable("r", r.segment());
      Checks.noOverlap("r", r, "x", x);
      Checks.noOverlap("r", r, "y", y);
      Checks.noOverlap("r", r, "w", w);
    }
    if (!(epsilon >= 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "epsilon: is " + epsilon + ", must be at least 0 and finite");
    }
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("w", w);
      calls.place("y", y);
      calls.place("r", r);
      OperationEvent event = OperationEvent.start();
      backend.rmsnorm(x, w, epsilon, y, r, calls.kernel(Op.RMSNORM, x.dtype()));
      finish(event, Op.RMSNORM, x);
    }
  }

  /**
   * The gradients of {@link #rmsnorm}: with {@code g[i, j] = w[j] · dy[i, j]},
   *
   * <pre>{@code
   * dx[i, j] = beta · dx[i, j] + r[i] · g[i, j] − x[i, j] · r[i]³ · (mean over j of g[i, j] · x[i, j])
   * dw[j]   += sum over i of dy[i, j] · x[i, j] · r[i]
   * }</pre>
   *
   * @param x {@code [rows, cols]}
   * @param w {@code [1, cols]} F32
   * @param r {@code [1, rows]} F32, as {@link #rmsnorm} gave it
   * @param dy {@code [rows, cols]}
   * @param beta 1 adds to what dx holds, the gradient that passed by the norm; 0 does not read it
   * @param dx {@code [rows, cols]}, written; may be dy if beta is 0
   * @param dw {@code [1, cols]} F32, added to
   */
  public void rmsnormGrad(
      Matrix x, Matrix w, Matrix r, Matrix dy, float beta, Matrix dx, Matrix dw) {
    Checks.floats("x", x);
    Checks.vector("w", w, x.cols());
    Checks.vector("r", r, x.rows());
    Checks.like("dy", dy, x);
    Checks.like("dx", dx, x);
    Checks.vector("dw", dw, x.cols());
    Checks.writable("dx", dx.segment());
    Checks.writable("dw", dw.segment());
    Checks.noOverlap("dx", dx, "x", x);
    Checks.noOverlap("dx", dx, "w", w);
    Checks.noOverlap("dx", dx, "r", r);
    if (beta == 0) {
      Checks.sameOrApart("dx", dx, "dy", dy);
    } else {
      Checks.noOverlap("dx", dx, "dy", dy);
    }
    Checks.noOverlap("dw", dw, "x", x);
    Checks.noOverlap("dw", dw, "w", w);
    Checks.noOverlap("dw", dw, "r", r);
    Checks.noOverlap("dw", dw, "dy", dy);
    Checks.noOverlap("dw", dw, "dx", dx);
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("w", w);
      calls.place("r", r);
      calls.place("dy", dy);
      calls.place("dx", dx);
      calls.place("dw", dw);
      OperationEvent event = OperationEvent.start();
      backend.rmsnormGrad(x, w, r, dy, beta, dx, dw, calls.kernel(Op.RMSNORM_GRAD, x.dtype()));
      finish(event, Op.RMSNORM_GRAD, x);
    }
  }

  /**
   * Rotary positions (Su and others, <a href="https://arxiv.org/abs/2104.09864">arXiv
   * 2104.09864</a>), in the pairing of Hugging Face's Llama: row i stands at position {@code p =
   * start + i % period}, and of each head the pair {@code a = x[i, j], b = x[i, j + headDim / 2]}
   * becomes {@code a · cos − b · sin, b · cos + a · sin}, of {@code cosines[p, j], sines[p, j]}.
   *
   * @param cosines {@code [positions, headDim / 2]} F32, rows without gaps
   * @param sines the same of sines
   * @param heads heads in a row
   * @param start position of the first row
   * @param period rows of a sequence, after which positions begin again
   * @param inverse turn back, which is the gradient
   * @param x {@code [rows, heads · headDim]}, updated
   */
  public void rope(
      Matrix cosines,
      Matrix sines,
      long heads,
      long start,
      long period,
      boolean inverse,
      Matrix x) {
    Checks.floats("x", x);
    Checks.shape("cosines", cosines, cosines.rows(), cosines.cols(), DType.F32);
    Checks.shape("sines", sines, cosines.rows(), cosines.cols(), DType.F32);
    Checks.contiguous("cosines", cosines);
    Checks.contiguous("sines", sines);
    Checks.extent("heads", heads);
    Checks.extent("start", start);
    if (Checks.product("heads, cosines", heads, 2 * cosines.cols()) != x.cols()) {
      throw new IllegalArgumentException(
          "x: is "
              + x
              + ", must have "
              + heads
              + " heads of "
              + 2 * cosines.cols()
              + " columns, twice those of cosines");
    }
    if (period < 1) {
      throw new IllegalArgumentException("period: is " + period + ", must be at least 1");
    }
    long used = Math.min(x.rows(), period);
    if (used > 0 && start + used > cosines.rows()) {
      throw new IllegalArgumentException(
          "cosines: has " + cosines.rows() + " positions, must have " + (start + used));
    }
    Checks.writable("x", x.segment());
    Checks.noOverlap("x", x, "cosines", cosines);
    Checks.noOverlap("x", x, "sines", sines);
    try (Turn _ = calls.enter()) {
      calls.place("cosines", cosines);
      calls.place("sines", sines);
      calls.place("x", x);
      OperationEvent event = OperationEvent.start();
      backend.rope(
          cosines, sines, heads, start, period, inverse, x, calls.kernel(Op.ROPE, x.dtype()));
      finish(event, Op.ROPE, x);
    }
  }

  /**
   * Attention with grouped queries (Ainslie and others, <a
   * href="https://arxiv.org/abs/2305.13245">arXiv 2305.13245</a>): for each sequence and head
   * {@code y = softmax(scale · q kᵀ) v}. If causal, row i of a sequence sees keys 0 to {@code
   * kvRows − qRows + i}: with a cache of keys and values the last ones are the queries' own.
   *
   * @param shape batch, heads, scale, causal
   * @param kvRows rows of k and v of each sequence that take part, at least 1
   * @param q {@code [batch · qRows, heads · headDim]}
   * @param k {@code [batch · kvStride, kvHeads · headDim]}, kvStride at least kvRows
   * @param v as k
   * @param y as q, written
   * @param lse {@code [batch · qRows, heads]} F32, rows without gaps: the logarithm of each row's
   *     sum of {@code exp(scale · q kᵀ)}, written, for {@link #attentionGrad}; or null
   */
  public void attention(
      AttentionShape shape,
      long kvRows,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix y,
      @Nullable Matrix lse) {
    attentionInputs(shape, kvRows, q, k, v);
    Checks.like("y", y, q);
    Checks.writable("y", y.segment());
    noOverlap("y", y, q, k, v);
    if (lse != null) {
      Checks.shape("lse", lse, q.rows(), shape.heads(), DType.F32);
      Checks.contiguous("lse", lse);
      Checks.writable("lse", lse.segment());
      noOverlap("lse", lse, q, k, v);
      Checks.noOverlap("lse", lse, "y", y);
    }
    try (Turn _ = calls.enter()) {
      calls.place("q", q);
      calls.place("k", k);
      calls.place("v", v);
      calls.place("y", y);
      calls.place("lse", lse);
      OperationEvent event = OperationEvent.start();
      backend.attention(shape, kvRows, q, k, v, y, lse, calls.kernel(Op.ATTENTION, q.dtype()));
      finish(event, Op.ATTENTION, q);
    }
  }

  /**
   * The gradients of {@link #attention}. Of dk and dv the first kvRows of each sequence are
   * written.
   *
   * @param shape batch, heads, scale, causal
   * @param kvRows rows of k and v of each sequence that took part
   * @param q {@code [batch · qRows, heads · headDim]}
   * @param k {@code [batch · kvStride, kvHeads · headDim]}
   * @param v as k
   * @param y what attention gave
   * @param lse what attention gave
   * @param dy as y
   * @param dq as q, written
   * @param dk as k, written
   * @param dv as v, written
   */
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
      Matrix dv) {
    attentionInputs(shape, kvRows, q, k, v);
    Checks.like("y", y, q);
    Checks.shape("lse", lse, q.rows(), shape.heads(), DType.F32);
    Checks.contiguous("lse", lse);
    Checks.like("dy", dy, q);
    Checks.like("dq", dq, q);
    Checks.like("dk", dk, k);
    Checks.like("dv", dv, k);
    gradient("dq", dq, q, k, v, y, lse, dy);
    gradient("dk", dk, q, k, v, y, lse, dy);
    gradient("dv", dv, q, k, v, y, lse, dy);
    Checks.noOverlap("dq", dq, "dk", dk);
    Checks.noOverlap("dq", dq, "dv", dv);
    Checks.noOverlap("dk", dk, "dv", dv);
    try (Turn _ = calls.enter()) {
      calls.place("q", q);
      calls.place("k", k);
      calls.place("v", v);
      calls.place("y", y);
      calls.place("lse", lse);
      calls.place("dy", dy);
      calls.place("dq", dq);
      calls.place("dk", dk);
      calls.place("dv", dv);
      OperationEvent event = OperationEvent.start();
      int kernel = calls.kernel(Op.ATTENTION_GRAD, q.dtype());
      backend.attentionGrad(shape, kvRows, q, k, v, y, lse, dy, dq, dk, dv, kernel);
      finish(event, Op.ATTENTION_GRAD, q);
    }
  }

  private static void gradient(
      String what, Matrix out, Matrix q, Matrix k, Matrix v, Matrix y, Matrix lse, Matrix dy) {
    Checks.writable(what, out.segment());
    noOverlap(what, out, q, k, v);
    Checks.noOverlap(what, out, "y", y);
    Checks.noOverlap(what, out, "lse", lse);
    Checks.noOverlap(what, out, "dy", dy);
  }

  private static void noOverlap(String what, Matrix out, Matrix q, Matrix k, Matrix v) {
    Checks.noOverlap(what, out, "q", q);
    Checks.noOverlap(what, out, "k", k);
    Checks.noOverlap(what, out, "v", v);
  }

  private static void attentionInputs(
      AttentionShape shape, long kvRows, Matrix q, Matrix k, Matrix v) {
    Checks.floats("q", q);
    multiple("q: rows", q.rows(), "batch", shape.batch());
    multiple("q: columns", q.cols(), "heads", shape.heads());
    Checks.shape("k", k, k.rows(), shape.kvHeads() * shape.headDim(q), q.dtype());
    multiple("k: rows", k.rows(), "batch", shape.batch());
    Checks.like("v", v, k);
    long stride = k.rows() / shape.batch();
    if (kvRows < 1 || kvRows > stride) {
      throw new IllegalArgumentException(
          "kvRows: is " + kvRows + ", must be between 1 and k's rows of a sequence, " + stride);
    }
    if (shape.causal() && q.rows() / shape.batch() > kvRows) {
      throw new IllegalArgumentException(
          "kvRows: is "
              + kvRows
              + ", must be at least q's rows of a sequence, "
              + q.rows() / shape.batch()
              + ", if causal");
    }
  }

  private static void multiple(String what, long value, String of, long divisor) {
    if (value % divisor != 0) {
      throw new IllegalArgumentException(
          what + ": " + value + ", must be a multiple of " + of + ", " + divisor);
    }
  }

  /**
   * The gate of SwiGLU (Shazeer, <a href="https://arxiv.org/abs/2002.05202">arXiv 2002.05202</a>):
   * {@code y = silu(g) · u}, {@code silu(g) = g / (1 + exp(−g))}.
   *
   * @param g {@code [rows, cols]}
   * @param u {@code [rows, cols]}
   * @param y {@code [rows, cols]}, written; may be g or u
   */
  public void swiglu(Matrix g, Matrix u, Matrix y) {
    Checks.floats("g", g);
    Checks.like("u", u, g);
    Checks.like("y", y, g);
    Checks.writable("y", y.segment());
    Checks.sameOrApart("y", y, "g", g);
    Checks.sameOrApart("y", y, "u", u);
    try (Turn _ = calls.enter()) {
      calls.place("g", g);
      calls.place("u", u);
      calls.place("y", y);
      OperationEvent event = OperationEvent.start();
      backend.swiglu(g, u, y, calls.kernel(Op.SWIGLU, g.dtype()));
      finish(event, Op.SWIGLU, g);
    }
  }

  /**
   * The gradients of {@link #swiglu}.
   *
   * @param g {@code [rows, cols]}
   * @param u {@code [rows, cols]}
   * @param dy {@code [rows, cols]}
   * @param dg {@code [rows, cols]}, written; may be g
   * @param du {@code [rows, cols]}, written; may be u
   */
  public void swigluGrad(Matrix g, Matrix u, Matrix dy, Matrix dg, Matrix du) {
    Checks.floats("g", g);
    Checks.like("u", u, g);
    Checks.like("dy", dy, g);
    Checks.like("dg", dg, g);
    Checks.like("du", du, g);
    Checks.writable("dg", dg.segment());
    Checks.writable("du", du.segment());
    Checks.sameOrApart("dg", dg, "g", g);
    Checks.noOverlap("dg", dg, "u", u);
    Checks.noOverlap("dg", dg, "dy", dy);
    Checks.sameOrApart("du", du, "u", u);
    Checks.noOverlap("du", du, "g", g);
    Checks.noOverlap("du", du, "dy", dy);
    Checks.noOverlap("dg", dg, "du", du);
    try (Turn _ = calls.enter()) {
      calls.place("g", g);
      calls.place("u", u);
      calls.place("dy", dy);
      calls.place("dg", dg);
      calls.place("du", du);
      OperationEvent event = OperationEvent.start();
      backend.swigluGrad(g, u, dy, dg, du, calls.kernel(Op.SWIGLU_GRAD, g.dtype()));
      finish(event, Op.SWIGLU_GRAD, g);
    }
  }

  /**
   * The loss of each row, {@code log Σ exp(logits[i, j]) − logits[i, targets[i]]}, and its gradient
   * {@code scale · (softmax(logits[i, :]) − (j = targets[i]))}; both 0 where the target is -1.
   *
   * @param logits {@code [rows, cols]}
   * @param targets as many as rows; a column, or -1
   * @param scale factor of the gradient, such as one over the number of targets
   * @param loss {@code [1, rows]} F32, written
   * @param gradient {@code [rows, cols]}, written; may be logits; or null
   * @throws Sparse24Exception.BadData if a target is no column and not -1, with the first place
   */
  public void crossEntropy(
      Matrix logits, Ids targets, float scale, Matrix loss, @Nullable Matrix gradient) {
    Checks.floats("logits", logits);
    Checks.count("targets", targets, logits.rows());
    Checks.vector("loss", loss, logits.rows());
    Checks.finite("scale", scale);
    Checks.writable("loss", loss.segment());
    Checks.noOverlap("loss", loss, "logits", logits);
    Checks.noOverlap("loss", loss, "targets", targets);
    if (gradient != null) {
      Checks.like("gradient", gradient, logits);
      Checks.writable("gradient", gradient.segment());
      Checks.sameOrApart("gradient", gradient, "logits", logits);
      Checks.noOverlap("gradient", gradient, "targets", targets);
      Checks.noOverlap("gradient", gradient, "loss", loss);
    }
    try (Turn _ = calls.enter()) {
      calls.place("logits", logits);
      calls.place("targets", targets.buffer());
      calls.place("loss", loss);
      calls.place("gradient", gradient);
      OperationEvent event = OperationEvent.start();
      backend.crossEntropy(
          logits, targets, scale, loss, gradient, calls.kernel(Op.CROSS_ENTROPY, logits.dtype()));
      finish(event, Op.CROSS_ENTROPY, logits);
    }
  }

  private void finish(@Nullable OperationEvent event, Op op, Matrix x) {
    OperationEvent.finish(event, op, name, x.dtype(), x.rows(), 0, x.cols());
  }
}
