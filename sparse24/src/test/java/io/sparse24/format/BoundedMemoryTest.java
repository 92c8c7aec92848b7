package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** JVMs with little memory: what they need does not grow with the file. */
final class BoundedMemoryTest {
  @TempDir Path folder;

  /** Opens each file or directory and says how it went. */
  static final class Open {
    private Open() {}

    public static void main(String[] args) throws IOException {
      PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
      for (String path : args) {
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(path))) {
          out.println("good: " + checkpoint.weights().size());
        } catch (FormatException e) {
          out.println(e.getMessage());
        }
      }
    }
  }

  /** {@code count} elements with commas between, framed. */
  private static void json(
      OutputStream out, String before, String after, int count, IntFunction<String> element)
      throws IOException {
    out.write(before.getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < count; i++) {
      out.write(((i == 0 ? "" : ",") + element.apply(i)).getBytes(StandardCharsets.UTF_8));
    }
    out.write(after.getBytes(StandardCharsets.UTF_8));
  }

  private Path header(
      String name, String before, String after, int count, IntFunction<String> element)
      throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      out.write(new byte[8]);
      json(out, before, after, count, element);
    }
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.writeLong(Long.reverseBytes(out.length() - 8));
    }
    return file;
  }

  private Path directory(
      String name, String file, String before, String after, int count, IntFunction<String> element)
      throws IOException {
    Path directory = Files.createDirectory(folder.resolve(name));
    Files.write(directory.resolve("model.safetensors"), Fixture.file("{}", 0));
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(directory.resolve(file)))) {
      json(out, before, after, count, element);
    }
    return directory;
  }

  @Test
  void hostileFilesNeedNoMoreThanTheirBound() throws IOException, InterruptedException {
    String index = "model.safetensors.index.json";
    Path tensors =
        header(
            "tensors",
            "{",
            "}",
            300_000,
            i -> "\"" + i + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
    Path metadata =
        header("metadata", "{\"__metadata__\":{", "}}", 200_000, i -> "\"" + i + "\":\"\"");
    Path text =
        header("text", "{\"__metadata__\":{\"a\":\"", "\"}}", 1, i -> "é".repeat(17_000_000));
    Path texts =
        header(
            "texts",
            "{\"__metadata__\":{",
            "}}",
            3,
            i -> "\"" + i + "\":\"" + "x".repeat(8_000_000) + "\"");
    Path spaces = header("spaces", "{", "}", 1, i -> " ".repeat(40_000_000));
    Path numbers = header("numbers", "{\"a\":{\"shape\":[", "]}}", 1_000_000, i -> "1");
    Path shards =
        directory(
            "shards", index, "{\"weight_map\":{", "}}", 1_050_000, i -> "\"" + i + "\":\"s\"");
    Path arrays = directory("arrays", index, "{\"x\":[", "]}", 1_500_000, i -> "[]");
    Path config = directory("config", "config.json", "{\"x\":[", "]}", 1_500_000, i -> "[]");
    List<Path> all =
        List.of(tensors, metadata, text, texts, spaces, numbers, shards, arrays, config);
    Child.Result result =
        Child.run(
            Open.class,
            List.of("-Xmx160m", "-XX:MaxDirectMemorySize=8m"),
            all.stream().map(Path::toString).toArray(String[]::new));
    assertEquals(
        List.of(
            tensors + ": the header lists more than 262144 tensors",
            metadata + ": __metadata__ has more than 65536 entries",
            text + ": the header is no good JSON: String value length",
            texts + ": __metadata__ has more than 16777216 characters",
            "good: 0",
            numbers + ": tensor 'a': shape has more than 64 numbers",
            shards.resolve(index) + ": lists more than 1048576 tensors",
            arrays.resolve(index) + ": has no object 'weight_map'",
            config.resolve("config.json") + ": has more than 4194304 bytes"),
        result
            .output()
            .lines()
            .map(line -> line.replaceAll("(String value length).*", "$1"))
            .toList());
  }
}
