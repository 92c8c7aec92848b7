package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Session;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files of {@code src/test/fixtures}, which {@code formats.py} there wrote from the formats'
 * descriptions, without Sparse24: what is read is what its rules say, bit for bit. Where there is a
 * Python, it reads what we write, and writes the files once more.
 */
final class IndependentFilesTest {
  private static final Path FIXTURES = Path.of("src", "test", "fixtures");
  private static final int[][] PAIRS = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};

  @TempDir Path dir = Path.of("");

  /** A tensor that is no 2:4 weight. */
  private static byte[] plain(TensorInfo info) {
    byte[] bytes = new byte[Math.toIntExact(info.bytes())];
    for (int i = 0; i < bytes.length; i++) {
      int value = 37 * i + 11 * info.name().length();
      bytes[i] = (byte) (info.type() == TensorType.BOOL ? value % 2 : value);
    }
    return bytes;
  }

  private static int[] kept(int row, int group) {
    return PAIRS[(7 * row + 3 * group) % 6];
  }

  /** A 2:4 weight of 16 bits, dense. */
  private static byte[] pruned(int n, int k) {
    return pruned(n, k, 2);
  }

  /** The same of so many bytes, the lower ones. */
  private static byte[] pruned(int n, int k, int width) {
    byte[] dense = new byte[width * n * k];
    for (int r = 0; r < n; r++) {
      for (int g = 0; g < k / 4; g++) {
        for (int place : kept(r, g)) {
          int at = r * k + 4 * g + place;
          int value = 0x3C00 + at % 251;
          for (int b = 0; b < width; b++) {
            dense[width * at + b] = (byte) (value >> (8 * b));
          }
        }
      }
    }
    return dense;
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  /** Dense bytes of all weights, by name. */
  private static Map<String, byte[]> read(Path path) throws IOException {
    Map<String, byte[]> all = new TreeMap<>();
    try (Session session = Backends.open("reference");
        Checkpoint checkpoint = Checkpoint.open(path)) {
      for (Weight weight : checkpoint.weights()) {
        if (!weight.isCompressed()) {
          all.put(weight.name(), bytes(weight.parts().getFirst().segment()));
          continue;
        }
        try (Arena arena = Arena.ofConfined()) {
          List<Long> shape = weight.info().shape();
          Compressed24 canonical =
              Compressed24.allocate(arena, shape.getFirst(), shape.getLast(), weight.dtype());
          weight.read(canonical);
          all.put(
              weight.name(),
              bytes(SparseFormat.DENSE.encode(session, canonical, arena).getFirst()));
        }
      }
    }
    return all;
  }

  private static void assertSame(byte[] expected, byte[] actual, String what) {
    assertEquals(HexFormat.of().formatHex(expected), HexFormat.of().formatHex(actual), what);
  }

  @Test
  void everyTypeIsReadBitForBit() throws IOException {
    try (Safetensors file = Safetensors.open(FIXTURES.resolve("types.safetensors"))) {
      assertEquals(TensorType.values().length + 2, file.tensors().size());
      assertEquals(Map.of("format", "pt", "größe", "1"), file.metadata());
      for (Tensor tensor : file.tensors()) {
        TensorInfo info = tensor.info();
        if (info.name().startsWith("all.")) {
          assertEquals(info.name(), "all." + info.type());
          assertEquals(List.of(3L, 8L), info.shape());
        }
        assertSame(plain(info), bytes(tensor.segment()), info.name());
      }
      assertEquals(
          4,
          file.tensors().stream()
              .filter(t -> t.name().equals("one"))
              .findFirst()
              .orElseThrow()
              .segment()
              .byteSize());
    }
  }

  @Test
  void shardsAreOneCheckpoint() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(FIXTURES.resolve("shards"))) {
      assertEquals(
          List.of("a.bias", "a.weight", "b.weight"),
          checkpoint.tensors().stream().map(Tensor::name).sorted().toList());
      for (Tensor tensor : checkpoint.tensors()) {
        assertSame(plain(tensor.info()), bytes(tensor.segment()), tensor.name());
      }
    }
  }

  @Test
  void bitmasksAreReadBitForBit() throws IOException {
    Map<String, byte[]> weights = read(FIXTURES.resolve("bitmask"));
    assertEquals(
        List.of("m.k.weight", "m.norm.weight", "m.q.weight"), List.copyOf(weights.keySet()));
    assertSame(pruned(6, 12), weights.getOrDefault("m.q.weight", new byte[0]), "m.q");
    assertSame(pruned(5, 16), weights.getOrDefault("m.k.weight", new byte[0]), "m.k");
  }

  @Test
  void reorderedMetadataIsReadBitForBit() throws IOException {
    Map<String, byte[]> weights = read(FIXTURES.resolve("torch.safetensors"));
    assertEquals(
        List.of("t.weight", "u.weight", "v.weight", "w.weight"), List.copyOf(weights.keySet()));
    assertSame(pruned(64, 128), weights.getOrDefault("t.weight", new byte[0]), "t");
    assertSame(pruned(32, 64), weights.getOrDefault("u.weight", new byte[0]), "u");
    assertSame(pruned(64, 256, 1), weights.getOrDefault("v.weight", new byte[0]), "v");
    assertSame(pruned(48, 128, 1), weights.getOrDefault("w.weight", new byte[0]), "w");
  }

  private static String python(String... words) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("python3", FIXTURES.resolve("formats.py").toString()));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), said);
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static void assumePython() {
    String path = String.valueOf(System.getenv("PATH"));
    assumeTrue(
        Stream.of(path.split(File.pathSeparator, -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "python3"))),
        "no python3");
  }

  @Test
  void theFilesAreWhatTheScriptWrites() throws IOException {
    assumePython();
    python("write", dir.toString());
    try (Stream<Path> walk = Files.walk(dir)) {
      List<Path> files = walk.filter(Files::isRegularFile).toList();
      assertEquals(8, files.size());
      for (Path file : files) {
        assertEquals(
            -1,
            Files.mismatch(file, FIXTURES.resolve(dir.relativize(file).toString())),
            file.toString());
      }
    }
  }

  /** Each fixture as we write it, in each format that holds it. */
  @Test
  void whatWeWriteIsReadThere() throws IOException {
    assumePython();
    for (String fixture : List.of("types.safetensors", "shards", "bitmask", "torch.safetensors")) {
      for (SparseFormat format : SparseFormat.values()) {
        Path out = dir.resolve(fixture.replace('.', '-') + "-" + format.id());
        copy(FIXTURES.resolve(fixture), out, format);
        String expected =
            read(FIXTURES.resolve(fixture)).entrySet().stream()
                .map(weight -> " " + sha256(weight.getValue()))
                .collect(Collectors.joining("\n"));
        String said =
            python("read", out.toString())
                .lines()
                .map(line -> line.substring(line.lastIndexOf(' ')))
                .collect(Collectors.joining("\n"));
        assertEquals(expected, said, out.toString());
      }
    }
  }

  /** Weights that are 2:4 in another format, where it holds them. */
  private static void copy(Path from, Path out, SparseFormat format) throws IOException {
    try (Session session = Backends.open("reference");
        Checkpoint checkpoint = Checkpoint.open(from);
        Arena arena = Arena.ofConfined()) {
      CheckpointCopy copy = new CheckpointCopy(checkpoint);
      List<Weight> changed = new ArrayList<>();
      for (Weight weight : copy.weights()) {
        if (weight.isCompressed()
            && weight.format() != format
            && (format != SparseFormat.TORCH || weight.info().shape().getFirst() % 32 == 0)) {
          copy.store(weight, format);
          changed.add(weight);
        }
      }
      try (CheckpointWriter writer = copy.start(out)) {
        for (Weight weight : copy.weights()) {
          if (!changed.contains(weight)) {
            copy.pass(weight, writer);
            continue;
          }
          List<Long> shape = weight.info().shape();
          Compressed24 canonical =
              Compressed24.allocate(arena, shape.getFirst(), shape.getLast(), weight.dtype());
          weight.read(canonical);
          for (MemorySegment part : format.encode(session, canonical, arena)) {
            writer.write(part);
          }
        }
        copy.finish(writer);
      }
    }
    assertTrue(Files.isDirectory(out), out.toString());
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
