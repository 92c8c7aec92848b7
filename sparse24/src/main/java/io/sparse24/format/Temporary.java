package io.sparse24.format;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/** Names beside a target, for what is renamed when whole. */
final class Temporary {
  private Temporary() {}

  static Path beside(Path target) {
    Path name = Objects.requireNonNull(target.toAbsolutePath().getFileName());
    String random = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
    return target.toAbsolutePath().resolveSibling("." + name + "." + random + ".part");
  }

  /** OUT never replaces anything, so it is never the input either. */
  static void requireAbsent(Path target) throws FileAlreadyExistsException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
  }

  /** What is whole to its name, unless another came there meanwhile. */
  static void rename(Path whole, Path target) throws IOException {
    requireAbsent(target);
    Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE);
  }

  static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(tree)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
