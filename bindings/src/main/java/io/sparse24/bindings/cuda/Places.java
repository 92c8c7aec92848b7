package io.sparse24.bindings.cuda;

import java.io.File;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The places where vendor libraries are looked for on this machine, before the loader's own search.
 *
 * @param property a system property's value, null if it is not set
 * @param variable an environment variable's value, null if it is not set
 * @param toolkits the folder in which CUDA toolkits are installed as {@code cuda} and {@code
 *     cuda-<version>}
 */
record Places(
    UnaryOperator<@Nullable String> property,
    UnaryOperator<@Nullable String> variable,
    Path toolkits) {

  static Places ofMachine() {
    return new Places(System::getProperty, System::getenv, Path.of("/usr/local"));
  }

  /** In the order in which they are tried. */
  List<Place> of(String key) {
    List<Place> places = new ArrayList<>();
    String ownProperty = "io.sparse24.library." + key;
    String ownVariable = "S24_LIBRARY_" + key.toUpperCase(Locale.ROOT);
    places.add(ordered("system property " + ownProperty, value(property, ownProperty)));
    places.add(ordered("environment variable " + ownVariable, value(variable, ownVariable)));
    places.add(toolkit("CUDA_HOME"));
    places.add(toolkit("CUDA_PATH"));
    places.addAll(installed());
    places.add(loaderPath());
    places.add(python());
    return places;
  }

  private static Place ordered(String name, @Nullable String file) {
    return file == null
        ? new Place.Nowhere(name, "not set")
        : named(name, () -> new Place.Ordered(name, Path.of(file)));
  }

  private Place toolkit(String name) {
    String root = value(variable, name);
    return root == null
        ? new Place.Nowhere("environment variable " + name, "not set")
        : named(name, () -> toolkit(name + " = " + root, Path.of(root)));
  }

  /** A place by a name that need not be a path here: the encoding decides. */
  private static Place named(String name, Supplier<Place> place) {
    try {
      return place.get();
    } catch (InvalidPathException e) {
      return new Place.Nowhere(name, "is no path: " + e.getMessage());
    }
  }

  private static Place toolkit(String name, Path root) {
    return new Place.Folders(
        name,
        Stream.of("lib64", "targets/" + target() + "/lib", "lib").map(root::resolve).toList());
  }

  private static String target() {
    return System.getProperty("os.arch", "").equals("aarch64") ? "sbsa-linux" : "x86_64-linux";
  }

  /** The toolkit that {@code cuda} points at, then the others, newest first. */
  private List<Place> installed() {
    List<Path> roots = new ArrayList<>(matches(toolkits, "cuda-*"));
    roots.sort(Comparator.comparing(Places::numbers, Places::compare).reversed());
    if (Files.isDirectory(toolkits.resolve("cuda"))) {
      roots.addFirst(toolkits.resolve("cuda"));
    }
    if (roots.isEmpty()) {
      return List.of(new Place.Nowhere("CUDA toolkit in " + toolkits, "none installed"));
    }
    return roots.stream().map(root -> toolkit("CUDA toolkit " + root, root)).toList();
  }

  private static List<BigInteger> numbers(Path toolkit) {
    return Stream.of(String.valueOf(toolkit.getFileName()).split("\\D+"))
        .filter(digits -> !digits.isEmpty())
        .map(BigInteger::new)
        .toList();
  }

  private static int compare(List<BigInteger> a, List<BigInteger> b) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      int order = a.get(i).compareTo(b.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(a.size(), b.size());
  }

  private Place loaderPath() {
    String path = value(variable, "LD_LIBRARY_PATH");
    if (path == null) {
      return new Place.Nowhere("environment variable LD_LIBRARY_PATH", "not set");
    }
    return named(
        "LD_LIBRARY_PATH",
        () ->
            new Place.Folders(
                "LD_LIBRARY_PATH",
                Stream.of(path.split(File.pathSeparator))
                    .filter(entry -> !entry.isEmpty())
                    .map(Path::of)
                    .toList()));
  }

  /** NVIDIA's packages in the Python environment that the user named, or that is active. */
  private Place python() {
    String root = value(property, "io.sparse24.python");
    if (root == null) {
      root = value(variable, "S24_PYTHON");
    }
    if (root == null) {
      root = value(variable, "VIRTUAL_ENV");
    }
    if (root == null) {
      return new Place.Nowhere(
          "Python environment",
          "none named (system property io.sparse24.python, environment variables S24_PYTHON,"
              + " VIRTUAL_ENV)");
    }
    String environment = root;
    String name = "Python environment " + root;
    return named(name, () -> packages(name, environment));
  }

  private static Place packages(String name, String root) {
    List<Path> folders = new ArrayList<>();
    for (Path python : matches(Path.of(root, "lib"), "python3*")) {
      for (Path packages : matches(python.resolve("site-packages/nvidia"), "*")) {
        folders.add(packages.resolve("lib"));
      }
    }
    return folders.isEmpty()
        ? new Place.Nowhere(name, "no lib/python3*/site-packages/nvidia in it")
        : new Place.Folders(name, folders);
  }

  private static List<Path> matches(Path folder, String glob) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
        entries.forEach(found::add);
      } catch (IOException | DirectoryIteratorException e) {
        // A folder that can't be read is one without libraries.
        return List.of();
      }
    }
    found.sort(Comparator.naturalOrder());
    return found;
  }

  private static @Nullable String value(UnaryOperator<@Nullable String> source, String name) {
    String value = source.apply(name);
    return value == null || value.isBlank() ? null : value;
  }
}
