package io.sparse24;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order of channels in which a pattern keeps more. */
final class ChannelOrderTest {
  private final Fixture fixture = new Fixture();

  /** Against the best of all, found by dynamic programming over sets of columns. */
  @Test
  void theAssignmentIsTheBest() {
    for (int round = 0; round < 200; round++) {
      int n = 1 + fixture.random.nextInt(9);
      boolean ties = fixture.random.nextBoolean();
      float[][] worth = new float[n][n];
      for (float[] row : worth) {
        for (int j = 0; j < n; j++) {
          row[j] = ties ? fixture.random.nextInt(4) : (float) fixture.random.nextGaussian();
        }
      }
      double[] best = new double[1 << n]; // of the first rows, as many as the set has columns
      Arrays.fill(best, Double.NEGATIVE_INFINITY);
      best[0] = 0;
      for (int set = 0; set < 1 << n; set++) {
        for (int j = 0; j < n; j++) {
          if ((set >> j & 1) == 0) {
            int larger = set | 1 << j;
            best[larger] = Math.max(best[larger], best[set] + worth[Integer.bitCount(set)][j]);
          }
        }
      }
      int[] chosen = Assignment.largest(worth);
      assertArrayEquals(IntStream.range(0, n).toArray(), Arrays.stream(chosen).sorted().toArray());
      double sum = IntStream.range(0, n).mapToDouble(i -> worth[i][chosen[i]]).sum();
      assertEquals(best[(1 << n) - 1], sum, 1e-6, "seed " + fixture.seed);
    }
  }

  /** Channels that matter stand next to each other; how many rows there are is no multiple. */
  @ParameterizedTest
  @CsvSource({
    "2, 4, 48, 64",
    "1, 4, 37, 32",
    "4, 8, 33, 64",
    "3, 5, 70, 40",
    "1, 2, 5, 16",
    "2, 4, 9, 4"
  })
  void theOrderKeepsMoreOfTheScores(int keep, int of, int n, int k) {
    Matrix scores = Matrix.allocate(fixture.arena, n, k, DType.F32);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < k; j++) {
        scores.set(i, j, (float) (Math.abs(fixture.random.nextGaussian()) * (j % 16 < 4 ? 10 : 1)));
      }
    }
    int[] order = ChannelOrder.of(scores, new Pattern(keep, of));
    assertArrayEquals(IntStream.range(0, k).toArray(), Arrays.stream(order).sorted().toArray());

    double kept = kept(scores, order, keep, of);
    double asTheyAre = kept(scores, IntStream.range(0, k).toArray(), keep, of);
    double dealt = kept(scores, dealt(scores, of), keep, of);
    double slack = 1e-6 * kept;
    String shown = kept + " of " + dealt + " and " + asTheyAre + ", seed " + fixture.seed;
    assertTrue(kept >= dealt - slack, shown);
    if (k > of) {
      assertTrue(kept > asTheyAre, shown);
    }

    // The last part was assigned while all others stood.
    for (int a = of - 1; a < k; a += of) {
      for (int b = a + of; b < k; b += of) {
        int[] swapped = order.clone();
        swapped[a] = order[b];
        swapped[b] = order[a];
        assertTrue(kept(scores, swapped, keep, of) <= kept + slack, a + " and " + b + ": " + shown);
      }
    }
  }

  @Test
  void whereAllStaysChannelsAreDealt() {
    Matrix scores = Matrix.allocate(fixture.arena, 3, 24, DType.F32);
    for (int j = 0; j < 24; j++) {
      scores.set(j % 3, j, fixture.random.nextFloat());
    }
    assertArrayEquals(dealt(scores, 4), ChannelOrder.of(scores, new Pattern(4, 4)));
  }

  @Test
  void thePatternHasToFit() {
    Matrix scores = Matrix.allocate(fixture.arena, 3, 12, DType.F32);
    for (Pattern pattern : new Pattern[] {Pattern.unstructured(50), new Pattern(4, 8)}) {
      var thrown =
          assertThrows(IllegalArgumentException.class, () -> ChannelOrder.of(scores, pattern));
      assertEquals(
          "pattern: is " + pattern + ", must be n:m whose groups fit k = 12", thrown.getMessage());
    }
  }

  /** RIA's heuristic by itself. */
  private static int[] dealt(Matrix scores, int of) {
    int k = (int) scores.cols();
    double[] sums = new double[k];
    for (int i = 0; i < scores.rows(); i++) {
      for (int j = 0; j < k; j++) {
        sums[j] += scores.get(i, j);
      }
    }
    Integer[] sorted = IntStream.range(0, k).boxed().toArray(Integer[]::new);
    Arrays.sort(sorted, Comparator.comparingDouble(j -> -sums[j]));
    int groups = k / of;
    int[] order = new int[k];
    for (int place = 0; place < k; place++) {
      int group = place / of;
      int part = place % of;
      order[place] = sorted[part * groups + (part % 2 == 0 ? group : groups - 1 - group)];
    }
    return order;
  }

  private static double kept(Matrix scores, int[] order, int keep, int of) {
    double sum = 0;
    for (int i = 0; i < scores.rows(); i++) {
      for (int g = 0; g < order.length; g += of) {
        float[] group = new float[of];
        for (int t = 0; t < of; t++) {
          group[t] = scores.get(i, order[g + t]);
        }
        Arrays.sort(group);
        for (int t = of - keep; t < of; t++) {
          sum += group[t];
        }
      }
    }
    return sum;
  }
}
