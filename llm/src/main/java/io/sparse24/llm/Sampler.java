package io.sparse24.llm;

import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;

/** Chooses the next token. */
@FunctionalInterface
public interface Sampler {
  /**
   * Chooses.
   *
   * @param logits of each token
   * @return a token
   */
  int next(float[] logits);

  /**
   * The likeliest, the lower of equals.
   *
   * @return the sampler
   */
  static Sampler greedy() {
    return logits -> {
      int best = 0;
      for (int i = 1; i < logits.length; i++) {
        if (logits[i] > logits[best]) {
          best = i;
        }
      }
      return best;
    };
  }

  /**
   * At random, among the likeliest that together have a probability (Holtzman and others, <a
   * href="https://arxiv.org/abs/1904.09751">arXiv 1904.09751</a>).
   *
   * @param temperature by which logits are divided, greater than 0
   * @param topP that probability, greater than 0, at most 1
   * @param seed the same seed gives the same choices
   * @return the sampler
   */
  static Sampler nucleus(double temperature, double topP, long seed) {
    if (!(temperature > 0 && Double.isFinite(temperature))) {
      throw new IllegalArgumentException(
          "temperature: is " + temperature + ", must be greater than 0");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException(
          "top-p: is " + topP + ", must be greater than 0 and at most 1");
    }
    RandomGenerator random = Seeds.generator(seed);
    return logits -> sample(logits, temperature, topP, random);
  }

  private static int sample(
      float[] logits, double temperature, double topP, RandomGenerator random) {
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double[] weight = new double[logits.length];
    Integer[] order = new Integer[logits.length];
    double sum = 0;
    for (int i = 0; i < weight.length; i++) {
      weight[i] = Math.exp((logits[i] - largest) / temperature);
      order[i] = i;
      sum += weight[i];
    }
    Arrays.sort(order, Comparator.comparingDouble((Integer i) -> weight[i]).reversed());
    int kept = 0;
    double mass = 0;
    while (kept < order.length && (kept == 0 || mass < topP * sum)) {
      mass += weight[order[kept++]];
    }
    double at = random.nextDouble() * mass;
    for (int i = 0; i < kept; i++) {
      at -= weight[order[i]];
      if (at < 0) {
        return order[i];
      }
    }
    return order[kept - 1];
  }
}
