package io.sparse24.api.spi;

import io.sparse24.api.AttentionShape;
import io.sparse24.api.Ids;
import io.sparse24.api.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * What a decoder needs of a backend beside products, as {@link io.sparse24.api.Layers} describes
 * it. Arguments are checked; {@code kernel} is an id, or -1 to choose.
 */
public interface BackendLayers {
  /**
   * x[i, :] = table[ids[i], :].
   *
   * @param ids as many as x has rows
   * @param table {@code [tableRows, cols]} of x's type
   * @param x {@code [rows, cols]}, written
   * @param kernel kernel id
   */
  void embed(Ids ids, Matrix table, Matrix x, int kernel);

  /**
   * table[ids[i], :] += x[i, :].
   *
   * @param ids as many as x has rows
   * @param x {@code [rows, cols]}
   * @param table {@code [tableRows, cols]} F32, updated
   * @param kernel kernel id
   */
  void embedGrad(Ids ids, Matrix x, Matrix table, int kernel);

  /**
   * y[i, j] = w[j] · x[i, j] · r[i].
   *
   * @param x {@code [rows, cols]}
   * @param w {@code [1, cols]} F32
   * @param epsilon added to the mean square
   * @param y {@code [rows, cols]}, written; may be x
   * @param r {@code [1, rows]} F32, written, or null
   * @param kernel kernel id
   */
  void rmsnorm(Matrix x, Matrix w, float epsilon, Matrix y, @Nullable Matrix r, int kernel);

  /**
   * The gradients.
   *
   * @param x {@code [rows, cols]}
   * @param w {@code [1, cols]} F32
   * @param r {@code [1, rows]} F32, as rmsnorm gave it
   * @param dy {@code [rows, cols]}
   * @param beta factor of what dx holds
   * @param dx {@code [rows, cols]}; may be dy if beta is 0
   * @param dw {@code [1, cols]} F32, added to
   * @param kernel kernel id
   */
  void rmsnormGrad(
      Matrix x, Matrix w, Matrix r, Matrix dy, float beta, Matrix dx, Matrix dw, int kernel);

  /**
   * Turns pairs of columns.
   *
   * @param cosines {@code [positions, headDim / 2]} F32, rows without gaps
   * @param sines the same
   * @param heads heads in a row of x
   * @param start position of row 0
   * @param period rows of a sequence
   * @param inverse turn back
   * @param x {@code [rows, heads · headDim]}, updated
   * @param kernel kernel id
   */
  void rope(
      Matrix cosines,
      Matrix sines,
      long heads,
      long start,
      long period,
      boolean inverse,
      Matrix x,
      int kernel);

  /**
   * y = softmax(scale · q kᵀ) v.
   *
   * @param shape batch, heads, scale, causal
   * @param kvRows rows of k and v of each sequence that take part
   * @param q {@code [batch · qRows, heads · headDim]}
   * @param k {@code [batch · kvStride, kvHeads · headDim]}
   * @param v as k
   * @param y as q, written
   * @param lse {@code [batch · qRows, heads]} F32 without gaps, written, or null
   * @param kernel kernel id
   */
  void attention(
      AttentionShape shape,
      long kvRows,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix y,
      @Nullable Matrix lse,
      int kernel);

  /**
   * The gradients.
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
   * @param kernel kernel id
   */
  void attentionGrad(
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
      int kernel);

  /**
   * y = silu(g) · u.
   *
   * @param g {@code [rows, cols]}
   * @param u {@code [rows, cols]}
   * @param y {@code [rows, cols]}, written; may be g or u
   * @param kernel kernel id
   */
  void swiglu(Matrix g, Matrix u, Matrix y, int kernel);

  /**
   * The gradients.
   *
   * @param g {@code [rows, cols]}
   * @param u {@code [rows, cols]}
   * @param dy {@code [rows, cols]}
   * @param dg written; may be g
   * @param du written; may be u
   * @param kernel kernel id
   */
  void swigluGrad(Matrix g, Matrix u, Matrix dy, Matrix dg, Matrix du, int kernel);

  /**
   * Losses and the gradient of the logits.
   *
   * @param logits {@code [rows, cols]}
   * @param targets as many as rows; -1: none
   * @param scale factor of the gradient
   * @param loss {@code [1, rows]} F32, written
   * @param gradient {@code [rows, cols]} of logits' type, written; may be logits; or null
   * @param kernel kernel id
   */
  void crossEntropy(
      Matrix logits, Ids targets, float scale, Matrix loss, @Nullable Matrix gradient, int kernel);
}
