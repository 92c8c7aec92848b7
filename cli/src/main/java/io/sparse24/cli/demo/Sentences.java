package io.sparse24.cli.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The text the demo works on, a sentence a line. */
final class Sentences {
  private Sentences() {}

  /** Those it embeds and measures. */
  static List<String> measured() throws IOException {
    return read("sentences.txt");
  }

  /** Others, whose activations Wanda sees. */
  static List<String> calibration() throws IOException {
    return read("calibration.txt");
  }

  private static List<String> read(String name) throws IOException {
    try (InputStream in = Sentences.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is not on the class path");
      }
      return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
          .lines()
          .filter(line -> !line.isBlank())
          .toList();
    }
  }
}
