package io.sparse24;

/** Finds the smallest of many numbers without sorting them. */
final class Smallest {
  private Smallest() {}

  /**
   * Which of some scores go: the smallest, of equal ones the last.
   *
   * @param scores not NaN; unchanged
   * @param count how many go, at most all
   * @return true for those that stay
   */
  static boolean[] drop(float[] scores, long count) {
    boolean[] kept = new boolean[scores.length];
    if (count >= scores.length) {
      return kept;
    }
    // What is below the threshold goes, and as many that are equal to it as are still wanted.
    float threshold = ranked(scores.clone(), (int) count);
    long below = 0;
    for (float score : scores) {
      below += score < threshold ? 1 : 0;
    }
    long equal = count - below;
    for (int i = scores.length - 1; i >= 0; i--) {
      kept[i] = scores[i] > threshold;
      if (scores[i] == threshold) {
        kept[i] = equal <= 0;
        equal--;
      }
    }
    return kept;
  }

  /**
   * The number that has {@code rank} others before it when sorted; reorders (Hoare's quickselect).
   */
  private static float ranked(float[] of, int rank) {
    int low = 0;
    int high = of.length - 1;
    while (low < high) {
      float pivot = median(of[low], of[(low + high) >>> 1], of[high]);
      int i = low;
      int j = high;
      while (i <= j) {
        while (of[i] < pivot) {
          i++;
        }
        while (of[j] > pivot) {
          j--;
        }
        if (i <= j) {
          float swapped = of[i];
          of[i] = of[j];
          of[j] = swapped;
          i++;
          j--;
        }
      }
      if (rank <= j) {
        high = j;
      } else if (rank >= i) {
        low = i;
      } else {
        return pivot;
      }
    }
    return of[rank];
  }

  private static float median(float a, float b, float c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }
}
