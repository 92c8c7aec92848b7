package io.sparse24.llm;

import java.util.Arrays;
import java.util.function.LongConsumer;

/**
 * Where a model leaves another's way: the divergent-token metrics. The other continues prefixes of
 * a text greedily; this model reads each continuation and says at each place which token it would
 * have taken. Up to the first that differs both have read the same, so that is where their own
 * continuations part.
 *
 * @param prefixes how many
 * @param prefixTokens tokens of each
 * @param continuation tokens that the other model added to each
 * @param firstQuartile of the places of the first divergent token, the first place being 1; where
 *     none diverges it is one more than the continuation is long
 * @param firstMedian their median
 * @param firstThirdQuartile their third quartile
 * @param share divergent tokens of all, each with the other model's tokens before it
 */
public record Divergence(
    int prefixes,
    int prefixTokens,
    int continuation,
    double firstQuartile,
    double firstMedian,
    double firstThirdQuartile,
    double share) {

  /** Prefixes of a text and how a model continues them. */
  public static final class Continuations {
    private final int prefixTokens;
    private final int[][] sequences; // each a prefix and its continuation

    private Continuations(int prefixTokens, int[][] sequences) {
      this.prefixTokens = prefixTokens;
      this.sequences = sequences;
    }

    /**
     * One of them.
     *
     * @param prefix which, from 0
     * @return its tokens and those that were added
     */
    public int[] sequence(int prefix) {
      return sequences[prefix].clone();
    }

    /**
     * Continues greedily.
     *
     * @param model opened with a capacity of at least a prefix and a continuation
     * @param tokens the text
     * @param prefixes how many prefixes, at least 1, evenly spread over the text
     * @param prefixTokens tokens of each, at least 1
     * @param continuation tokens to add, at least 1
     * @param progress told how many prefixes are done
     * @return the sequences
     * @throws IllegalArgumentException if the text is shorter than a prefix, or a number too small
     */
    public static Continuations of(
        LanguageModel model,
        int[] tokens,
        int prefixes,
        int prefixTokens,
        int continuation,
        LongConsumer progress) {
      if (prefixes < 1 || prefixTokens < 1 || continuation < 1) {
        throw new IllegalArgumentException(
            "prefixes: are "
                + prefixes
                + " of "
                + prefixTokens
                + " tokens and "
                + continuation
                + " more, must each be at least 1");
      }
      if (tokens.length < prefixTokens) {
        throw new IllegalArgumentException(
            "text: has " + tokens.length + " tokens, a prefix needs " + prefixTokens);
      }
      int[][] sequences = new int[prefixes][];
      for (int p = 0; p < prefixes; p++) {
        int from = (int) ((long) (tokens.length - prefixTokens) * p / prefixes);
        int[] sequence =
            Arrays.copyOf(
                Arrays.copyOfRange(tokens, from, from + prefixTokens), prefixTokens + continuation);
        model.clear();
        float[] logits = model.append(Arrays.copyOf(sequence, prefixTokens));
        for (int i = prefixTokens; i < sequence.length; i++) {
          sequence[i] = LanguageModel.largest(logits);
          if (i + 1 < sequence.length) {
            logits = model.append(sequence[i]);
          }
        }
        sequences[p] = sequence;
        progress.accept(p + 1L);
      }
      return new Continuations(prefixTokens, sequences);
    }
  }

  /**
   * Compares.
   *
   * @param model opened with a capacity of at least a sequence
   * @param others the other model's continuations
   * @param progress told how many of them are done
   * @return where they diverge
   */
  public static Divergence of(LanguageModel model, Continuations others, LongConsumer progress) {
    int[][] sequences = others.sequences;
    int continuation = sequences[0].length - others.prefixTokens;
    double[] first = new double[sequences.length];
    long different = 0;
    for (int p = 0; p < sequences.length; p++) {
      int[] sequence = sequences[p];
      int[] predicted = model.predictions(Arrays.copyOf(sequence, sequence.length - 1));
      first[p] = continuation + 1.0;
      for (int i = continuation - 1; i >= 0; i--) {
        if (predicted[others.prefixTokens + i - 1] != sequence[others.prefixTokens + i]) {
          different++;
          first[p] = i + 1.0;
        }
      }
      progress.accept(p + 1L);
    }
    Arrays.sort(first);
    return new Divergence(
        sequences.length,
        others.prefixTokens,
        continuation,
        quantile(first, 0.25),
        quantile(first, 0.5),
        quantile(first, 0.75),
        (double) different / ((long) sequences.length * continuation));
  }

  /** Between the two nearest of sorted values, in proportion. */
  private static double quantile(double[] sorted, double q) {
    double at = q * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
