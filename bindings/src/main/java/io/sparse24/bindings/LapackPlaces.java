package io.sparse24.bindings;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a library with LAPACK is looked for; see {@link Lapack#open}. */
final class LapackPlaces {
  private static final String PROPERTY = "io.sparse24.library.lapack";
  private static final String VARIABLE = "S24_LIBRARY_LAPACK";

  /** In the jar, each before what needs it: the loader then has it under its name. */
  private static final List<String> IN_JAR =
      List.of("libgcc_s.so.1", "libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");

  private static final List<String> INSTALLED = List.of("libopenblas.so.0", "liblapack.so.3");

  private LapackPlaces() {}

  /**
   * An open library.
   *
   * @param library its functions
   * @param source where it came from
   */
  record Found(SymbolLookup library, String source) {}

  static Found find() throws LibraryLoadException {
    List<String> attempts = new ArrayList<>();
    Found found = ordered("system property " + PROPERTY, System.getProperty(PROPERTY), attempts);
    if (found == null) {
      found = ordered("environment variable " + VARIABLE, System.getenv(VARIABLE), attempts);
    }
    if (found == null) {
      found = ofJar(attempts);
    }
    if (found == null) {
      found = installed(attempts);
    }
    if (found == null) {
      throw new LibraryLoadException("LAPACK", attempts);
    }
    return found;
  }

  private static @Nullable Found ordered(String place, @Nullable String file, List<String> attempts)
      throws LibraryLoadException {
    if (file == null || file.isBlank()) {
      attempts.add(place + ": not set");
      return null;
    }
    try {
      return open(Path.of(file).toAbsolutePath());
    } catch (IllegalArgumentException e) {
      attempts.add(place + " = " + file + ": " + e.getMessage());
      throw new LibraryLoadException("LAPACK", attempts);
    }
  }

  private static Found open(Path file) {
    return new Found(SymbolLookup.libraryLookup(file, Arena.global()), file.toString());
  }

  private static @Nullable Found ofJar(List<String> attempts) {
    String folder = "org/bytedeco/openblas/" + Platform.id().replace("aarch64", "arm64") + "/";
    ClassLoader loader = LapackPlaces.class.getClassLoader();
    String openblas = folder + IN_JAR.getLast();
    if (loader == null || loader.getResource(openblas) == null) {
      attempts.add(
          "no "
              + openblas
              + " on the class or module path (add the dependency org.bytedeco:openblas with the"
              + " platform's classifier)");
      return null;
    }
    Found found = null;
    for (String name : IN_JAR) {
      URL resource = loader.getResource(folder + name);
      if (resource == null) {
        continue; // not every platform's has all
      }
      try {
        found = open(LibraryCache.ofUser().unpack(resource, "openblas", name));
      } catch (IOException | IllegalArgumentException e) {
        attempts.add(resource + ": " + e.getMessage());
        return null;
      }
    }
    return found;
  }

  private static @Nullable Found installed(List<String> attempts) {
    for (String name : INSTALLED) {
      try {
        return new Found(SymbolLookup.libraryLookup(name, Arena.global()), name);
      } catch (IllegalArgumentException e) {
        attempts.add(name + ": the loader finds none");
      }
    }
    return null;
  }
}
