package io.sparse24.api;

/** The settings of an optimizer's step: which rule it is, and its numbers. Immutable. */
public sealed interface Optimizer permits AdamW, Sgd {
  /**
   * Learning rate.
   *
   * @return lr
   */
  float lr();

  /**
   * The same at another learning rate.
   *
   * @param lr learning rate, finite
   * @return the settings
   */
  Optimizer withLr(float lr);
}
