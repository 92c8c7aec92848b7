package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.SplittableRandom;

/**
 * Chance: what any other score must beat. The same for every run, drawn from the weight's shape.
 */
final class RandomScore implements Score {
  @Override
  public String name() {
    return "random";
  }

  @Override
  public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
    SplittableRandom random = new SplittableRandom(31 * w.rows() + w.cols());
    try (HostScore host = new HostScore(session)) {
      host.put(out, (i, j) -> random.nextDouble());
    }
  }
}
