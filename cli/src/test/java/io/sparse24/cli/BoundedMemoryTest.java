package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line in a JVM with little memory: what it needs does not grow with the file. */
final class BoundedMemoryTest {
  private static final long EMBEDDING = 48 << 20;
  private static final int WEIGHTS = 12;

  @TempDir Path dir = Path.of("");

  /** An embedding of 48 MB and 12 weights of 1 MB, BF16; a hole, which uses no disk. */
  private Path checkpoint() throws IOException {
    List<String> entries = new ArrayList<>();
    entries.add(entry("embed_tokens.weight", 24, 1 << 20, 0));
    for (int i = 0; i < WEIGHTS; i++) {
      entries.add(entry("h." + i + ".weight", 512, 1024, EMBEDDING + ((long) i << 20)));
    }
    byte[] header = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
    Path file = dir.resolve("in.safetensors");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.writeLong(Long.reverseBytes(header.length));
      out.write(header);
      out.setLength(out.length() + EMBEDDING + ((long) WEIGHTS << 20));
    }
    return file;
  }

  private static String entry(String name, long n, long k, long at) {
    return "\"%s\":{\"dtype\":\"BF16\",\"shape\":[%d,%d],\"data_offsets\":[%d,%d]}"
        .formatted(name, n, k, at, at + 2 * n * k);
  }

  /**
   * 60 MB with 24 MB of heap and 4 MB of all other memory that Java hands out (arenas count as
   * direct memory): room for a weight of 1 MB at a time, not for the 12 of them, nor for the
   * embedding. So 20 GB need no more than their largest pruned weight does.
   */
  @Test
  void pruneDecompressAndCheckHoldOneWeightAtATime() throws IOException, InterruptedException {
    Path in = checkpoint();
    Path pruned = dir.resolve("pruned.safetensors");
    Path back = dir.resolve("back.safetensors");
    limited("prune", in, pruned, "--backend", "reference");
    long stored = EMBEDDING + WEIGHTS * ((1L << 19) + (1L << 16) + 16);
    assertEquals(stored, Files.size(pruned) - headerBytes(pruned));
    limited("decompress", pruned, back, "--backend", "reference");
    assertEquals(Files.size(in) - headerBytes(in), Files.size(back) - headerBytes(back));
    limited("check", pruned, "--against", in);
  }

  private static void limited(Object... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx24m", "-XX:MaxDirectMemorySize=4m", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    for (Object word : words) {
      command.add(word.toString());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains(words[0] + ": 100 %"), output);
  }

  private static long headerBytes(Path file) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      return 8 + Long.reverseBytes(in.readLong());
    }
  }
}
