package io.sparse24.format;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file is not what it should be. The message is one line that names the file, the tensor where
 * there is one, and the problem.
 */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1L;

  FormatException(Path file, String problem) {
    super(file + ": " + problem);
  }

  FormatException(String problem) {
    super(problem);
  }
}
