package io.sparse24.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Where results go, checked before the work that makes them. */
final class Target {
  private Target() {}

  /** A file or directory that must not be there yet. */
  static void checkNew(Path out) throws IOException {
    if (Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(out.toString());
    }
    checkFolder(out);
  }

  /** A file that may be there and is then replaced. */
  static void checkFile(Path out) throws IOException {
    if (Files.isDirectory(out)) {
      throw new IOException(out + ": is a directory, must be a file");
    }
    checkFolder(out);
  }

  private static void checkFolder(Path out) throws IOException {
    Path folder = out.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IOException(out + ": its folder does not exist, make it first");
    }
    if (!Files.isWritable(folder)) {
      throw new AccessDeniedException(folder.toString());
    }
  }
}
