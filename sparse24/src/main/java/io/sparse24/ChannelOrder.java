package io.sparse24;

import io.sparse24.api.Matrix;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The order of a weight's input channels in which an n:m pattern keeps more of the scores: RIA's
 * channel permutation (Zhang et al. 2024, ICLR). Channels are sorted by the sum of their scores and
 * cut into m parts; each group gets one channel of each part, every other part in reverse. So
 * channels that matter do not stand in each other's way. Who reorders them must bring what the
 * layer multiplies into the same order.
 */
public final class ChannelOrder {
  private ChannelOrder() {}

  /**
   * The order of a weight.
   *
   * @param scores host matrix {@code [n, k]} F32 of a {@link Score}
   * @param pattern n:m, of which k is a multiple
   * @return for each place the channel that goes there, {@code k} of them
   * @throws IllegalArgumentException if the pattern has no groups, or k does not fit it
   */
  public static int[] of(Matrix scores, Pattern pattern) {
    if (pattern.unstructured() || !pattern.fits(scores.cols())) {
      throw new IllegalArgumentException(
          "pattern: is " + pattern + ", must be n:m whose groups fit k = " + scores.cols());
    }
    int k = Math.toIntExact(scores.cols());
    double[] sums = new double[k];
    for (long i = 0; i < scores.rows(); i++) {
      for (int j = 0; j < k; j++) {
        sums[j] += scores.get(i, j);
      }
    }
    int[] sorted =
        IntStream.range(0, k)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer j) -> -sums[j]))
            .mapToInt(Integer::intValue)
            .toArray();
    int groups = k / pattern.of();
    int[] order = new int[k];
    for (int part = 0; part < pattern.of(); part++) {
      for (int g = 0; g < groups; g++) {
        int from = part % 2 == 0 ? g : groups - 1 - g;
        order[g * pattern.of() + part] = sorted[part * groups + from];
      }
    }
    return order;
  }
}
