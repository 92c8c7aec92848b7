package io.sparse24.cli;

import java.nio.file.Path;
import picocli.CommandLine.Parameters;

/** {@code IN} and {@code OUT} of commands that make a checkpoint from another. */
final class InOut {
  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A safetensors file or a model directory; it is not changed.")
  Path in = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description = "A new directory, or a new file if its name ends in '.safetensors'.")
  Path out = Path.of("");
}
