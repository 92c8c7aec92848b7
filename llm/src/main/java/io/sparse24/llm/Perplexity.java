package io.sparse24.llm;

import java.util.function.LongConsumer;

/**
 * Perplexity as papers compute it: the text's tokens are cut into windows of one length that do not
 * overlap, what is left at the end is not used, and each window is a sequence of its own.
 *
 * @param windows how many
 * @param sequence tokens of each
 * @param tokens predicted, one less than a window has for each
 * @param loss mean negative log likelihood of a token, nats
 */
public record Perplexity(long windows, int sequence, long tokens, double loss) {
  /**
   * Computes it.
   *
   * @param model opened with a capacity of at least the sequence
   * @param tokens the text
   * @param sequence tokens of a window, at least 2
   * @param most windows, the first ones
   * @param progress told how many windows are done
   * @return the perplexity
   * @throws IllegalArgumentException if the text has not one window
   */
  public static Perplexity of(
      LanguageModel model, int[] tokens, int sequence, long most, LongConsumer progress) {
    if (sequence < 2) {
      throw new IllegalArgumentException("seq: is " + sequence + ", must be at least 2");
    }
    long windows = Math.min(tokens.length / sequence, most);
    if (windows < 1) {
      throw new IllegalArgumentException(
          "text: has " + tokens.length + " tokens, a window needs " + sequence + " (--seq)");
    }
    double sum = 0;
    int[] window = new int[sequence];
    for (long w = 0; w < windows; w++) {
      System.arraycopy(tokens, Math.toIntExact(w * sequence), window, 0, sequence);
      for (double loss : model.losses(window)) {
        sum += loss;
      }
      progress.accept(w + 1);
    }
    long predicted = windows * (sequence - 1L);
    return new Perplexity(windows, sequence, predicted, sum / predicted);
  }

  /**
   * The exponential of the loss.
   *
   * @return at least 1
   */
  public double perplexity() {
    return Math.exp(loss);
  }
}
