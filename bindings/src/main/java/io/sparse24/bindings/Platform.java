package io.sparse24.bindings;

import java.util.Locale;

/** The operating system and processor this JVM runs on, as the natives' jars name them. */
final class Platform {
  private Platform() {}

  /** Such as {@code linux-x86_64}. */
  static String id() {
    return os() + "-" + arch();
  }

  /** The file name of a shared library, such as {@code libsparse24_cpu.so}. */
  static String libraryFile(String backend) {
    return switch (os()) {
      case "macos" -> "libsparse24_" + backend + ".dylib";
      case "windows" -> "sparse24_" + backend + ".dll";
      default -> "libsparse24_" + backend + ".so";
    };
  }

  private static String os() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (os.startsWith("mac")) {
      return "macos";
    }
    return os.startsWith("windows") ? "windows" : os.replace(' ', '_');
  }

  private static String arch() {
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return switch (arch) {
      case "amd64", "x86_64" -> "x86_64";
      case "aarch64", "arm64" -> "aarch64";
      default -> arch;
    };
  }
}
