package io.sparse24.llm;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Random numbers that depend on a seed and on what they are for, never on what was drawn before: so
 * a run that goes on needs no state of a generator.
 */
final class Seeds {
  private static final RandomGeneratorFactory<RandomGenerator> GENERATORS =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private Seeds() {}

  static RandomGenerator generator(long seed) {
    return GENERATORS.create(seed);
  }

  static long of(long seed, String purpose) {
    long hash = seed;
    for (int i = 0; i < purpose.length(); i++) {
      hash = mix(hash + purpose.charAt(i));
    }
    return hash;
  }

  static long of(long seed, long number) {
    return mix(mix(seed) + number);
  }

  /** SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
  private static long mix(long z) {
    z += 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
