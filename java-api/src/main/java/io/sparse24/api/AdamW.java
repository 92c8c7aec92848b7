package io.sparse24.api;

/**
 * The settings of {@link Session#adamw}. Immutable; make it once and use it for every step, or
 * {@link #withLr} where a schedule moves the learning rate.
 *
 * @param lr learning rate, finite
 * @param beta1 how much of the first moment stays, in [0, 1)
 * @param beta2 how much of the second moment stays, in [0, 1)
 * @param epsilon added to the root of the second moment, finite, at least 0
 * @param weightDecay share of the weight that a step at learning rate 1 takes away, finite
 */
public record AdamW(float lr, float beta1, float beta2, float epsilon, float weightDecay)
    implements Optimizer {
  /**
   * Checks the settings.
   *
   * @param lr learning rate, finite
   * @param beta1 how much of the first moment stays, in [0, 1)
   * @param beta2 how much of the second moment stays, in [0, 1)
   * @param epsilon added to the root of the second moment, finite, at least 0
   * @param weightDecay share of the weight that a step at learning rate 1 takes away, finite
   */
  public AdamW {
    Checks.finite("lr", lr);
    share("beta1", beta1);
    share("beta2", beta2);
    Checks.finite("epsilon", epsilon);
    if (epsilon < 0) {
      throw new IllegalArgumentException("epsilon: is " + epsilon + ", must be at least 0");
    }
    Checks.finite("weightDecay", weightDecay);
  }

  private static void share(String what, float value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          what + ": is " + value + ", must be at least 0 and less than 1");
    }
  }

  /**
   * With beta1 0.9, beta2 0.999, epsilon 1e-8 and weight decay 0.01.
   *
   * @param lr learning rate, finite
   * @return the settings
   */
  public static AdamW of(float lr) {
    return new AdamW(lr, 0.9f, 0.999f, 1e-8f, 0.01f);
  }

  /**
   * The same at another learning rate.
   *
   * @param lr learning rate, finite
   * @return the settings
   */
  @Override
  public AdamW withLr(float lr) {
    return new AdamW(lr, beta1, beta2, epsilon, weightDecay);
  }
}
