package io.sparse24;

/**
 * A way to prune a weight: a {@link Score} says what stays, a {@link WeightUpdate} changes it too.
 * One line each in {@link PruningMethods#ALL}.
 */
public sealed interface PruningMethod permits Score, WeightUpdate {
  /**
   * The name users write.
   *
   * @return lower case
   */
  String name();

  /**
   * Whether it needs the norms of the layer's inputs, a {@link ColumnNorms}.
   *
   * @return true if so
   */
  default boolean needsNorms() {
    return false;
  }

  /**
   * Whether those norms must be of inputs that a router weighs, see {@link ColumnNorms#addRouted}.
   *
   * @return true if so
   */
  default boolean needsRouter() {
    return false;
  }

  /**
   * Whether it needs gradients of the loss.
   *
   * @return true if so
   */
  default boolean needsGradient() {
    return false;
  }

  /**
   * Whether it needs the {@link Gram} matrix of the layer's inputs.
   *
   * @return true if so
   */
  default boolean needsGram() {
    return false;
  }
}
