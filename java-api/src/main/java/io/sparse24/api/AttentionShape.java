package io.sparse24.api;

/**
 * What an attention is made of beside its matrices. Immutable; make it once a model.
 *
 * @param batch sequences
 * @param heads heads of the queries
 * @param kvHeads heads of keys and values, of which {@code heads} is a multiple: head h attends
 *     with head {@code h / (heads / kvHeads)} (grouped queries)
 * @param scale factor of the products, usually {@code 1 / √headDim}
 * @param causal whether a row sees no key behind its own place
 */
public record AttentionShape(long batch, long heads, long kvHeads, float scale, boolean causal) {
  /** Checks. */
  public AttentionShape {
    positive("batch", batch);
    positive("heads", heads);
    positive("kvHeads", kvHeads);
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "heads: is " + heads + ", must be a multiple of kvHeads, " + kvHeads);
    }
    Checks.finite("scale", scale);
  }

  private static void positive(String what, long value) {
    if (value < 1 || value > 1L << 40) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be between 1 and 2^40");
    }
  }

  /**
   * Columns of a head.
   *
   * @param q the queries, {@code [batch · qRows, heads · headDim]}
   * @return headDim
   */
  public long headDim(Matrix q) {
    return q.cols() / heads;
  }
}
