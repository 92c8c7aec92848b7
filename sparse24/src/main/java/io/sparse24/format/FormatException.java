package io.sparse24.format;

import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A file is not what it should be. The message is one line that names the file, the tensor where
 * there is one, and the problem.
 */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_QUOTED = 100;
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cs}\\u2028\\u2029]");

  FormatException(Path file, String problem) {
    super(UNPRINTABLE.matcher(file + ": " + problem).replaceAll("?"));
  }

  FormatException(Path file, String tensor, String problem) {
    this(file, "tensor " + quote(tensor) + ": " + problem);
  }

  /** Text from a file for a message: in quotes, cut where it is long. */
  static String quote(String text) {
    return "'" + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "..." : text) + "'";
  }
}
