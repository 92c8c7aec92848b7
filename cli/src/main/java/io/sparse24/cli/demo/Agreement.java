package io.sparse24.cli.demo;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How near embeddings are to those of the dense model.
 *
 * @param cosineMean mean over the sentences of the cosine between the two embeddings
 * @param cosineMin the worst sentence's
 * @param top5 each sentence a query, all others ranked by cosine to it: the share of the dense
 *     model's first five that are among the other's first five, in the mean
 */
record Agreement(double cosineMean, double cosineMin, double top5) {
  private static final int RANKED = 5;

  /**
   * Compares.
   *
   * @param dense one row of length 1 for each sentence
   * @param other the same of another model
   */
  static Agreement of(float[][] dense, float[][] other) {
    double sum = 0;
    double min = 1;
    int shared = 0;
    for (int s = 0; s < dense.length; s++) {
      double cosine = dot(dense[s], other[s]);
      sum += cosine;
      min = Math.min(min, cosine);
      int[] found = nearest(other, s);
      shared +=
          (int)
              Arrays.stream(nearest(dense, s))
                  .filter(wanted -> Arrays.stream(found).anyMatch(f -> f == wanted))
                  .count();
    }
    return new Agreement(sum / dense.length, min, shared / (double) (RANKED * dense.length));
  }

  private static int[] nearest(float[][] embeddings, int query) {
    return IntStream.range(0, embeddings.length)
        .filter(s -> s != query)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer s) -> -dot(embeddings[query], embeddings[s])))
        .limit(RANKED)
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
