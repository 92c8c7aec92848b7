package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The order of a weight's input channels in which an n:m pattern keeps more of the scores: RIA's
 * channel permutation (Zhang et al. 2024, ICLR). Channels are sorted by the sum of their scores and
 * cut into m parts; each group gets one channel of each part, every other part in reverse, so that
 * channels that matter do not stand in each other's way. Then, part by part, its channels are
 * assigned to the groups anew so that the sum of the scores that stay is largest while the other
 * parts stand. Who reorders channels must bring what the layer multiplies into the same order.
 *
 * <p>The assignment of a part looks at n (k/m)² sums, so the time is O(n k²/m), and O((k/m)³) at
 * worst for finding it.
 */
public final class ChannelOrder {
  /** Rows whose scores of a part stay in a core's cache while all groups meet them. */
  private static final int TILE = 32;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final Matrix scores;
  private final Pattern pattern;
  private final int groups;
  private final int[] order;

  private ChannelOrder(Matrix scores, Pattern pattern) {
    this.scores = scores;
    this.pattern = pattern;
    int k = Math.toIntExact(scores.cols());
    this.groups = k / pattern.of();
    this.order = new int[k];
  }

  /**
   * The order of a weight.
   *
   * @param scores host matrix {@code [n, k]} F32 of a {@link Score}
   * @param pattern n:m, of which k is a multiple
   * @return for each place the channel that goes there, {@code k} of them
   * @throws IllegalArgumentException if the pattern has no groups, or k does not fit it; if scores
   *     are not F32 in host memory
   */
  public static int[] of(Matrix scores, Pattern pattern) {
    boolean onDevice = scores.rows() > 0 && scores.segment().byteSize() == 0;
    if (scores.dtype() != DType.F32 || onDevice) {
      throw new IllegalArgumentException(
          "scores: are " + scores + ", must be of F32 in host memory");
    }
    if (pattern.unstructured() || !pattern.fits(scores.cols())) {
      throw new IllegalArgumentException(
          "pattern: is " + pattern + ", must be n:m whose groups fit k = " + scores.cols());
    }
    ChannelOrder channels = new ChannelOrder(scores, pattern);
    channels.deal();
    if (pattern.keep() < pattern.of()) {
      for (int part = 0; part < pattern.of(); part++) {
        channels.assign(part);
      }
    }
    return channels.order;
  }

  /** One of each part to each group, by the sums of scores. */
  private void deal() {
    double[] sums = new double[order.length];
    float[] row = new float[order.length];
    for (long i = 0; i < scores.rows(); i++) {
      read(i, row);
      for (int j = 0; j < row.length; j++) {
        sums[j] += row[j];
      }
    }
    int[] sorted =
        IntStream.range(0, order.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer j) -> -sums[j]))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int part = 0; part < pattern.of(); part++) {
      for (int g = 0; g < groups; g++) {
        int from = part % 2 == 0 ? g : groups - 1 - g;
        order[g * pattern.of() + part] = sorted[part * groups + from];
      }
    }
  }

  /** The channels of a part to the groups in which they keep most. */
  private void assign(int part) {
    int[] channels = IntStream.range(0, groups).map(g -> order[g * pattern.of() + part]).toArray();
    int[] chosen = Assignment.largest(kept(part, channels));
    for (int g = 0; g < groups; g++) {
      order[g * pattern.of() + part] = channels[chosen[g]];
    }
  }

  /**
   * What group g keeps with channel c of the part beside its others, but for a sum that is the same
   * for all c: with t the n-th largest of the others, the sum over rows of max(t, score of c).
   */
  private float[][] kept(int part, int[] channels) {
    float[][] kept = new float[groups][groups];
    float[] row = new float[order.length];
    float[][] thresholds = new float[TILE][groups];
    float[][] candidates = new float[TILE][groups];
    for (long start = 0; start < scores.rows(); start += TILE) {
      int rows = (int) Math.min(TILE, scores.rows() - start);
      for (int i = 0; i < rows; i++) {
        read(start + i, row);
        for (int g = 0; g < groups; g++) {
          candidates[i][g] = row[channels[g]];
        }
        thresholds(part, row, thresholds[i]);
      }
      IntStream.range(0, groups)
          .parallel()
          .forEach(g -> {
            for (int i = 0; i < rows; i++) {
              addLarger(thresholds[i][g], candidates[i], kept[g]);
            }
          });
    }
    return kept;
  }

  private void read(long i, float[] row) {
    MemorySegment.copy(scores.rowSlice(i, i + 1).segment(), FLOAT, 0, row, 0, row.length);
  }

  /** The n-th largest of each group's scores but that of the part. */
  private void thresholds(int part, float[] row, float[] out) {
    float[] others = new float[pattern.of() - 1];
    for (int g = 0; g < groups; g++) {
      int count = 0;
      for (int t = 0; t < pattern.of(); t++) {
        if (t != part) {
          others[count++] = row[order[g * pattern.of() + t]];
        }
      }
      Arrays.sort(others);
      out[g] = others[count - pattern.keep()];
    }
  }

  private static void addLarger(float threshold, float[] candidates, float[] sums) {
    for (int c = 0; c < sums.length; c++) {
      sums[c] += Math.max(threshold, candidates[c]);
    }
  }
}
