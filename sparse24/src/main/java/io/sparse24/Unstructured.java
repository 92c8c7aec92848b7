package io.sparse24;

import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;

/** Which elements stay where they may be anywhere: the largest, of equal ones the first. */
final class Unstructured {
  private Unstructured() {}

  /**
   * A mask of scores.
   *
   * @param scores host matrix F32; NaN is the first to go
   * @param pattern how many go
   * @param byRow whether each row loses its share, or the matrix
   * @param arena frees it
   */
  static Mask mask(Matrix scores, Pattern pattern, boolean byRow, Arena arena) {
    Mask mask = Mask.allocate(arena, scores.rows(), scores.cols());
    int rows = byRow ? 1 : Math.toIntExact(scores.rows());
    int cols = Math.toIntExact(scores.cols());
    float[] part = new float[Math.multiplyExact(rows, cols)];
    for (long row = 0; row < scores.rows(); row += rows) {
      for (int i = 0; i < part.length; i++) {
        float score = scores.get(row + i / cols, i % cols);
        part[i] = Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score;
      }
      boolean[] kept = Smallest.drop(part, pattern.dropped(part.length));
      for (int i = 0; i < part.length; i++) {
        mask.set(row + i / cols, i % cols, kept[i]);
      }
    }
    return mask;
  }
}
