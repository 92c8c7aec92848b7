package io.sparse24.llm;

import java.io.IOException;
import java.nio.file.Path;

/** A training run in a JVM of its own, to be killed. */
final class TrainChild {
  private TrainChild() {}

  /** Backend, text, method, steps, adapters, out. */
  public static void main(String[] args) throws IOException {
    TrainOptions options =
        Runs.options(
            Path.of(args[1]),
            Method.named(args[2]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]));
    Runs.run(args[0], 0, options, Path.of(args[5]), () -> false);
  }
}
