package io.sparse24.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The per-user folder into which libraries are unpacked once: {@code
 * <cache>/sparse24/<version>/<sha256, 16 digits>/<file>}.
 *
 * <p>The full hash travels in the jar beside the library ({@code <file>.sha256}) and is checked
 * each time before the file is opened, so a damaged or changed copy is replaced, never loaded.
 */
final class LibraryCache {
  private final Path root;

  LibraryCache(Path root) {
    this.root = root;
  }

  static LibraryCache ofUser() {
    return new LibraryCache(CacheFolder.ofUser());
  }

  /** The file with the resource's content, unpacked if it is not there or not whole. */
  Path unpack(URL library, URL sha256, String version, String file) throws IOException {
    String expected = read(sha256).strip();
    if (!expected.matches("[0-9a-f]{64}")) {
      throw new IOException(sha256 + " holds no SHA-256");
    }
    return unpack(library, expected, version, file);
  }

  /** The same of another's jar, which brings no hash: of the content itself. */
  Path unpack(URL library, String owner, String file) throws IOException {
    try (InputStream in = library.openStream()) {
      return unpack(library, hash(in), owner, file);
    }
  }

  private Path unpack(URL library, String expected, String version, String file)
      throws IOException {
    Path folder = root.resolve(version).resolve(expected.substring(0, 16));
    Path target = folder.resolve(file);
    if (Files.isRegularFile(target) && hash(target).equals(expected)) {
      return target;
    }
    Path part;
    try {
      Files.createDirectories(folder);
      part = Files.createTempFile(folder, file, ".part");
    } catch (IOException e) {
      throw new IOException(
          "can't write to the cache " + folder + "; set S24_CACHE_DIR to a folder that can be", e);
    }
    try {
      try (InputStream in = library.openStream()) {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      }
      String actual = hash(part);
      if (!actual.equals(expected)) {
        throw new IOException(library + " has SHA-256 " + actual + ", expected " + expected);
      }
      // Another process may have been faster; the content is the same.
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    return target;
  }

  private static String read(URL url) throws IOException {
    try (InputStream in = url.openStream()) {
      return new String(in.readNBytes(256), StandardCharsets.US_ASCII);
    }
  }

  static String hash(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return hash(in);
    }
  }

  private static String hash(InputStream content) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IOException("this Java runtime has no SHA-256", e);
    }
    new DigestInputStream(content, digest).transferTo(OutputStream.nullOutputStream());
    return HexFormat.of().formatHex(digest.digest());
  }
}
