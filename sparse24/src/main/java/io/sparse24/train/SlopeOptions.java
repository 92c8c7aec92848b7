package io.sparse24.train;

import java.util.Objects;

/**
 * How a {@link SlopeLinear} is made.
 *
 * @param rule which optimizer's states it keeps
 * @param mask which elements it keeps, from the start to the end
 * @param columnPeriod after how many steps the column mask, of the gradient of X, is made anew: 1
 *     at each step, as in the paper's experiments on accuracy; 100 as in its authors' release; 0
 *     never
 * @param bias whether it has one, which starts at 0
 * @param doublePrune whether the gradient of X is that of a double-pruned weight, as in the paper;
 *     if not it is exact, by a dense product and from a dense transpose, for comparison
 */
public record SlopeOptions(
    Rule rule, InitialMask mask, long columnPeriod, boolean bias, boolean doublePrune) {
  /** Checks the period. */
  public SlopeOptions {
    Objects.requireNonNull(rule, "rule");
    Objects.requireNonNull(mask, "mask");
    Arguments.notNegative("columnPeriod", columnPeriod);
  }

  /**
   * With double pruning.
   *
   * @param rule which optimizer's states it keeps
   * @param mask which elements it keeps
   * @param columnPeriod after how many steps the column mask is made anew, 0 never
   * @param bias whether it has one
   */
  public SlopeOptions(Rule rule, InitialMask mask, long columnPeriod, boolean bias) {
    this(rule, mask, columnPeriod, bias, true);
  }

  /**
   * For AdamW, with a column mask made anew every 100 steps, without bias.
   *
   * @param mask which elements it keeps
   * @return the options
   */
  public static SlopeOptions of(InitialMask mask) {
    return new SlopeOptions(Rule.ADAMW, mask, 100, false);
  }
}
