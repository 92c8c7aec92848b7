package io.sparse24.api;

/** The scores that kernels fuse with selection and compression. */
public enum ScoreKind {
  /** |W|. */
  MAGNITUDE,
  /**
   * |W| · √s, s the squared column norms of the layer's inputs (Sun et al., "A Simple and Effective
   * Pruning Approach for Large Language Models").
   */
  WANDA
}
