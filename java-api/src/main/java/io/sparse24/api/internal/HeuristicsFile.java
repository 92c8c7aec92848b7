package io.sparse24.api.internal;

import io.sparse24.api.Heuristic;
import io.sparse24.api.spi.BackendSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Heuristics that were measured on a machine, as {@code s24 bench --tune} writes them and the
 * kernel library's sources have them: lines {@code S24_VALUE(name, value)}, comments behind {@code
 * //}. A user names the file by the property {@code io.sparse24.heuristics.BACKEND} or the
 * environment's {@code S24_HEURISTICS_BACKEND}.
 */
final class HeuristicsFile {
  private static final Pattern LINE = Pattern.compile("S24_VALUE\\((\\w+), *(-?\\d{1,9})\\)");

  private HeuristicsFile() {}

  /** Sets those of the file that the user has named; nothing where none is. */
  static void apply(String backend, BackendSession session) {
    String file = named(backend);
    if (file == null) {
      return;
    }
    try {
      apply(Path.of(file), Files.readAllLines(Path.of(file)), session);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          file + ": can't be read as heuristics of backend " + backend + " (" + e + ")", e);
    }
  }

  private static @Nullable String named(String backend) {
    String property = System.getProperty("io.sparse24.heuristics." + backend);
    return property != null
        ? property
        : System.getenv("S24_HEURISTICS_" + backend.toUpperCase(Locale.ROOT));
  }

  private static void apply(Path file, List<String> lines, BackendSession session) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceFirst("//.*", "").strip();
      if (line.isEmpty()) {
        continue;
      }
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches()) {
        throw wrong(file, i, "is '" + line + "', must be S24_VALUE(name, value)");
      }
      set(file, i, matcher.group(1), Integer.parseInt(matcher.group(2)), session);
    }
  }

  private static void set(Path file, int line, String name, int value, BackendSession session) {
    List<Heuristic> all = session.heuristics();
    for (int index = 0; index < all.size(); index++) {
      Heuristic heuristic = all.get(index);
      if (heuristic.name().equals(name)) {
        if (value < heuristic.least() || value > heuristic.most()) {
          String range = heuristic.least() + " to " + heuristic.most();
          throw wrong(file, line, name + " is " + value + ", must be " + range);
        }
        session.setHeuristic(index, value);
        return;
      }
    }
    throw wrong(
        file,
        line,
        "no heuristic is named "
            + name
            + "; there are "
            + all.stream().map(Heuristic::name).toList());
  }

  private static IllegalArgumentException wrong(Path file, int line, String what) {
    return new IllegalArgumentException(file + ": line " + (line + 1) + ": " + what);
  }
}
