package io.sparse24.api;

/**
 * The settings of {@link Session#sgd}. Immutable; make it once and use it for every step, or {@link
 * #withLr} where a schedule moves the learning rate.
 *
 * @param lr learning rate, finite
 * @param momentum how much of the last step stays, finite; 0 for none
 * @param weightDecay share of the weight that is added to its gradient, finite
 */
public record Sgd(float lr, float momentum, float weightDecay) implements Optimizer {
  /**
   * Checks the settings.
   *
   * @param lr learning rate, finite
   * @param momentum how much of the last step stays, finite; 0 for none
   * @param weightDecay share of the weight that is added to its gradient, finite
   */
  public Sgd {
    Checks.finite("lr", lr);
    Checks.finite("momentum", momentum);
    Checks.finite("weightDecay", weightDecay);
  }

  /**
   * The same at another learning rate.
   *
   * @param lr learning rate, finite
   * @return the settings
   */
  @Override
  public Sgd withLr(float lr) {
    return new Sgd(lr, momentum, weightDecay);
  }
}
