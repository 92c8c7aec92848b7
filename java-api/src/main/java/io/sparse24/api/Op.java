package io.sparse24.api;

import java.util.Locale;

/** The operations of a backend, in the order of the C contract. */
public enum Op {
  /** Running squared column norms of activations. */
  ACCUMULATE_NORMS,
  /** Magnitude or Wanda scores. */
  SCORE,
  /** n:m selection from scores. */
  SELECT,
  /** Score, select 2:4 and compress in one pass. */
  PRUNE24,
  /** Gather the kept values of a dense weight. */
  COMPRESS24,
  /** Back to dense. */
  DECOMPRESS24,
  /** Zero what a mask drops. */
  APPLY_MASK,
  /** Canonical form to the backend's own layout. */
  PACK24,
  /** And back. */
  UNPACK24,
  /** Y = X Wᵀ with a 2:4 W. */
  SPMM24,
  /** Y = X Wᵀ with a dense W. */
  GEMM,
  /** To I8 or F8_E4M3 with a scale a row. */
  QUANTIZE,
  /** dYᵀ X where a 2:4 weight has values. */
  SDDMM24,
  /** The transpose of a 2:4 weight, 2:4 along its rows as well. */
  DOUBLE_PRUNE24,
  /** To another floating-point type. */
  CAST,
  /** A step of AdamW. */
  ADAMW,
  /** A step of gradient descent with momentum. */
  SGD,
  /** Prune a weight along its rows, and the result along its columns, in one pass. */
  PRUNE24_BOTH,
  /** The values of a double-pruned transpose, its mask being there already. */
  REFRESH24,
  /** A matrix with its rows as columns. */
  TRANSPOSE,
  /** y = alpha · x + beta · y. */
  AXPBY,
  /** Rows of a table by their numbers. */
  EMBED,
  /** The gradient of that table. */
  EMBED_GRAD,
  /** Rows divided by their root mean square, times a weight. */
  RMSNORM,
  /** The gradients of that. */
  RMSNORM_GRAD,
  /** Rotary positions. */
  ROPE,
  /** Softmax attention. */
  ATTENTION,
  /** The gradients of that. */
  ATTENTION_GRAD,
  /** silu(g) · u. */
  SWIGLU,
  /** The gradients of that. */
  SWIGLU_GRAD,
  /** The loss of logits, and its gradient. */
  CROSS_ENTROPY,
  /** Sums of |x| by rows and by columns, and the range of x. */
  MARGINS,
  /** Scores that are a power of |W| times a factor. */
  SCORE_FACTORS,
  /** Such a score, 2:4 selection and compression in one pass. */
  PRUNE24_FACTORS;

  /**
   * The name in kernel names and on the command line.
   *
   * @return lower case
   */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
