package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/**
 * Chance: what any other score must beat. The same for every run, drawn from the weight's shape, in
 * Java.
 */
final class RandomScore implements Score {
  @Override
  public String name() {
    return "random";
  }

  @Override
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    SplittableRandom random = new SplittableRandom(31 * w.rows() + w.cols());
    try (Arena arena = Arena.ofShared()) {
      Matrix scores = Matrix.allocate(arena, w.rows(), w.cols(), DType.F32);
      for (long i = 0; i < w.rows(); i++) {
        for (long j = 0; j < w.cols(); j++) {
          scores.set(i, j, (float) random.nextDouble());
        }
      }
      session.copy(scores.buffer(), out.buffer());
      session.synchronize();
    }
  }
}
