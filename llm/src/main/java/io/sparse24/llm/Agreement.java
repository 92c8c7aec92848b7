package io.sparse24.llm;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How near embeddings of sentences are to those of another model, the dense one.
 *
 * @param cosineMean mean over the sentences of the cosine between the two embeddings
 * @param cosineMin the worst sentence's
 * @param top5 each sentence a query, all others ranked by cosine to it: the share of the dense
 *     model's first five (or all, if there are fewer) that are among the other's first five, in the
 *     mean
 */
public record Agreement(double cosineMean, double cosineMin, double top5) {
  private static final int RANKED = 5;

  /**
   * Compares.
   *
   * @param dense one row of length 1 for each sentence
   * @param other the same of another model
   * @return how near
   * @throws IllegalArgumentException if there are fewer than two
   */
  public static Agreement of(float[][] dense, float[][] other) {
    if (dense.length < 2 || other.length != dense.length) {
      throw new IllegalArgumentException(
          "dense: has "
              + dense.length
              + " sentences, other "
              + other.length
              + ", must be two at least");
    }
    int ranked = Math.min(RANKED, dense.length - 1);
    double sum = 0;
    double min = 1;
    int shared = 0;
    for (int s = 0; s < dense.length; s++) {
      double cosine = dot(dense[s], other[s]);
      sum += cosine;
      min = Math.min(min, cosine);
      int[] found = nearest(other, s, ranked);
      shared +=
          (int)
              Arrays.stream(nearest(dense, s, ranked))
                  .filter(wanted -> Arrays.stream(found).anyMatch(f -> f == wanted))
                  .count();
    }
    return new Agreement(sum / dense.length, min, shared / (double) (ranked * dense.length));
  }

  private static int[] nearest(float[][] embeddings, int query, int ranked) {
    return IntStream.range(0, embeddings.length)
        .filter(s -> s != query)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer s) -> -dot(embeddings[query], embeddings[s])))
        .limit(ranked)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += (double) a[j] * b[j];
    }
    return sum;
  }
}
