package io.sparse24.api.internal.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Choices among a library's algorithms, kept in a file from run to run: one file a library's
 * version and kind of GPU, as a choice means nothing to others. Its first line says whose it is,
 * its last has a checksum of the rest. A file that is damaged or can't be written costs a line in
 * the log and the choices are made again; it is never an error.
 */
public final class ChoiceCache {
  private static final System.Logger LOG = System.getLogger("io.sparse24");

  private final String owner;
  private final Path file;
  private @Nullable Map<String, String> choices; // null until it was looked for

  /**
   * For one library on one kind of GPU.
   *
   * @param folder where the file is, made when it is written
   * @param owner the library with its version and the GPU; others' files are not read
   */
  public ChoiceCache(Path folder, String owner) {
    this.owner = owner;
    this.file = folder.resolve("choices-" + hex(checksum(owner)) + ".txt");
  }

  /**
   * A choice that was kept.
   *
   * @param what it was made for: types and shape
   * @return the choice, null if there is none
   */
  public @Nullable String find(String what) {
    Map<String, String> known = choices;
    if (known == null) {
      known = read();
      choices = known;
    }
    return known.get(what);
  }

  /**
   * Keeps a choice.
   *
   * @param what it was made for, without tabs and line breaks
   * @param choice what was chosen, without tabs and line breaks
   */
  public void keep(String what, String choice) {
    // Another process may have kept some meanwhile.
    Map<String, String> merged = read();
    Map<String, String> known = choices;
    if (known != null) {
      known.forEach(merged::putIfAbsent);
    }
    merged.put(what, choice);
    choices = merged;
    write(merged);
  }

  private Map<String, String> read() {
    Map<String, String> found = new TreeMap<>();
    if (!Files.isRegularFile(file)) {
      return found;
    }
    try {
      List<String> lines = Files.readAllLines(file);
      if (lines.size() < 2 || !lines.getLast().equals(end(lines.subList(0, lines.size() - 1)))) {
        throw new IOException("it is damaged");
      }
      if (lines.getFirst().equals(owner)) {
        for (String line : lines.subList(1, lines.size() - 1)) {
          int tab = line.indexOf('\t');
          found.put(line.substring(0, tab), line.substring(tab + 1));
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "choices of algorithms in {0} are not used: {1}; they are made again",
          file,
          e.getMessage());
      found.clear();
    }
    return found;
  }

  /** Written beside and renamed: whoever reads it finds it whole. */
  private void write(Map<String, String> all) {
    StringBuilder text = new StringBuilder(owner).append('\n');
    all.forEach((what, choice) -> text.append(what).append('\t').append(choice).append('\n'));
    List<String> lines = text.toString().lines().toList();
    text.append(end(lines)).append('\n');
    try {
      Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
      Path part = Files.createTempFile(folder, "choices", ".part");
      try {
        Files.writeString(part, text);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "choices of algorithms are not kept, {0} can''t be written: {1}",
          file,
          e.toString());
    }
  }

  private static String end(List<String> lines) {
    return "end " + hex(checksum(String.join("\n", lines)));
  }

  private static long checksum(String text) {
    CRC32 sum = new CRC32();
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    return sum.getValue();
  }

  private static String hex(long sum) {
    return HexFormat.of().toHexDigits((int) sum);
  }
}
