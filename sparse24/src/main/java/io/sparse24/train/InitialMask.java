package io.sparse24.train;

import io.sparse24.Pattern;
import io.sparse24.api.Mask;
import java.util.random.RandomGenerator;

/** By what the kept elements are chosen before the first step. */
public sealed interface InitialMask {
  /**
   * Of each group the largest magnitudes, the lower column on a tie: what is 2:4 already stays as
   * it is.
   */
  record Magnitude() implements InitialMask {}

  /**
   * Of each group any, each choice as likely as another: SLoPe's own for training from scratch.
   *
   * @param seed the same seed gives the same mask on every machine
   */
  record Random(long seed) implements InitialMask {
    /** Goes through each group once (Knuth, The Art of Computer Programming, 3.4.2, S). */
    void write(Pattern pattern, Mask out) {
      RandomGenerator random = Initial.generator(seed);
      for (long i = 0; i < out.rows(); i++) {
        for (long j = 0; j < out.cols(); j += pattern.of()) {
          int keep = pattern.keep();
          for (int t = 0; t < pattern.of(); t++) {
            boolean kept = random.nextInt(pattern.of() - t) < keep;
            out.set(i, j + t, kept);
            keep -= kept ? 1 : 0;
          }
        }
      }
    }
  }
}
