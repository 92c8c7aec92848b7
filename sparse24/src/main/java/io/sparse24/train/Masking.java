package io.sparse24.train;

import java.util.Objects;

/** How a {@link MaskedLinear} comes by its mask. */
public sealed interface Masking {
  /**
   * One mask from the start to the end: SLoPe for other patterns than 2:4.
   *
   * @param mask which elements are kept
   * @param columnPeriod after how many steps the column mask is made anew, 0 never, as {@link
   *     SlopeOptions#columnPeriod}
   * @param doublePrune as {@link SlopeOptions#doublePrune}
   */
  record Fixed(InitialMask mask, long columnPeriod, boolean doublePrune) implements Masking {
    /** Checks the period. */
    public Fixed {
      Objects.requireNonNull(mask, "mask");
      Arguments.notNegative("columnPeriod", columnPeriod);
    }

    /**
     * With double pruning.
     *
     * @param mask which elements are kept
     * @param columnPeriod after how many steps the column mask is made anew, 0 never
     */
    public Fixed(InitialMask mask, long columnPeriod) {
      this(mask, columnPeriod, true);
    }
  }

  /**
   * SR-STE (Zhou and others, <a href="https://arxiv.org/abs/2102.04010">arXiv 2102.04010</a>): the
   * mask is selected anew by the magnitude of the dense master; the gradient goes to all of W as if
   * nothing were masked, and {@code decay · (1 − mask) ⊙ W} is added to it, which draws what is not
   * kept to 0. The gradient of X is exact.
   *
   * @param period after how many steps, at least 1
   * @param decay factor of the weights that are not kept, at least 0; {@link #DECAY} as published
   */
  record Reselected(long period, float decay) implements Masking {
    /** λ of the paper. */
    public static final float DECAY = 2e-4f;

    /**
     * Checks the numbers.
     *
     * @param period after how many steps, at least 1
     * @param decay factor of the weights that are not kept, at least 0
     */
    public Reselected {
      if (period < 1) {
        throw new IllegalArgumentException("period: is " + period + ", must be at least 1");
      }
      if (!(decay >= 0 && Float.isFinite(decay))) {
        throw new IllegalArgumentException(
            "decay: is " + decay + ", must be finite and at least 0");
      }
    }
  }
}
