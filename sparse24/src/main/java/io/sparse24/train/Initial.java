package io.sparse24.train;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Weights to start with. */
public final class Initial {
  private static final RandomGeneratorFactory<RandomGenerator> GENERATORS =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private Initial() {}

  static RandomGenerator generator(long seed) {
    return GENERATORS.create(seed);
  }

  /**
   * Normal numbers.
   *
   * @param arena holds them
   * @param n outputs
   * @param k inputs
   * @param deviation standard deviation, such as 0.02
   * @param seed the same seed gives the same numbers on every machine
   * @return host matrix {@code [n, k]} F32
   */
  public static Matrix normal(Arena arena, long n, long k, double deviation, long seed) {
    Arguments.extent("n", n);
    Arguments.extent("k", k);
    Arguments.finite("deviation", deviation);
    RandomGenerator random = generator(seed);
    Matrix matrix = Matrix.allocate(arena, n, k, DType.F32);
    for (long i = 0; i < n; i++) {
      for (long j = 0; j < k; j++) {
        matrix.set(i, j, (float) (deviation * random.nextGaussian()));
      }
    }
    return matrix;
  }
}
