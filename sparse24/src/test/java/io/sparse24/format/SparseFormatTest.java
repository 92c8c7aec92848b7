package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.format.Fixture.Item;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** 2:4 weights stored as bitmask, as PyTorch does and dense, against the fixtures' own writer. */
final class SparseFormatTest {
  private static final int[] ROWS = {1, 3, 31, 33};
  private static final int[] COLS = {4, 12, 20, 1028};

  @TempDir Path folder;

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);

  /** Stores every 2:4 weight in a format, as the commands do. */
  private static void convert(Path in, Path out, SparseFormat format) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(in);
        Session session = Backends.open("reference")) {
      CheckpointCopy copy = new CheckpointCopy(checkpoint);
      List<Weight> chosen = new ArrayList<>();
      for (Weight weight : copy.weights()) {
        if (weight.isCompressed() || weight.info().shape().size() == 2) {
          copy.store(weight, format);
          chosen.add(weight);
        }
      }
      try (CheckpointWriter writer = copy.start(out)) {
        for (Weight weight : copy.weights()) {
          if (chosen.contains(weight)) {
            write(session, weight, format, writer);
          } else {
            copy.pass(weight, writer);
          }
        }
        copy.finish(writer);
      }
      long bytes =
          Fixture.readDirectory(out).values().stream().mapToLong(i -> i.data().length).sum();
      assertEquals(bytes, copy.bytesOut());
    }
  }

  private static void write(
      Session session, Weight weight, SparseFormat format, CheckpointWriter writer)
      throws IOException {
    List<Long> shape = weight.info().shape();
    try (Arena arena = Arena.ofConfined()) {
      Compressed24 compressed =
          Compressed24.allocate(arena, shape.get(0), shape.get(1), weight.dtype());
      if (weight.isCompressed()) {
        weight.read(compressed);
      } else {
        session.compress24(weight.parts().get(0).matrix(arena), compressed);
      }
      for (MemorySegment part : format.encode(session, compressed, arena)) {
        writer.write(part);
      }
    }
  }

  private static Path model(Path folder, List<Item> items) throws IOException {
    Files.createDirectory(folder);
    Files.write(
        folder.resolve("model.safetensors"), Fixture.safetensors(Map.of("format", "pt"), items));
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"test\", \"layers\": [1]}");
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    return folder;
  }

  private static Map<String, String> texts(List<Item> items) {
    Map<String, Item> named = new LinkedHashMap<>();
    items.forEach(item -> named.put(item.name(), item));
    return Fixture.texts(named);
  }

  /** Values and mask, bit for bit; row scales are a tensor of their own, which others write. */
  @Test
  void eightBitWeightsAreStoredWithoutTheirScales() throws IOException {
    Random random = new Random(7);
    try (Session session = Backends.open("reference");
        Arena arena = Arena.ofConfined()) {
      for (DType dtype : List.of(DType.I8, DType.F8_E4M3)) {
        Compressed24 weight = Compressed24.allocate(arena, 32, 128, dtype);
        for (long i = 0; i < 32 * 64; i++) {
          weight.values().segment().set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        for (int i = 0; i < 32; i++) {
          for (int j = 0; j < 128; j += 4) {
            int first = random.nextInt(3);
            weight.mask().set(i, j + first, true);
            weight.mask().set(i, j + first + 1, true);
          }
        }
        for (SparseFormat format : List.of(SparseFormat.BITMASK, SparseFormat.TORCH)) {
          Path file = folder.resolve(dtype + "-" + format.id() + ".safetensors");
          try (SafetensorsWriter writer =
              new SafetensorsWriter(file, format.parts("m.weight", dtype, 32, 128), Map.of())) {
            for (MemorySegment part : format.encode(session, weight, arena)) {
              writer.write(part);
            }
            writer.commit();
          }
          try (Checkpoint checkpoint = Checkpoint.open(file)) {
            Weight stored = checkpoint.weights().getFirst();
            assertEquals(dtype, stored.dtype());
            assertEquals(format, stored.format());
            Compressed24 back = Compressed24.allocate(arena, 32, 128, dtype);
            stored.read(back);
            assertEquals(-1, back.mask().segment().mismatch(weight.mask().segment()));
            assertEquals(-1, back.values().segment().mismatch(weight.values().segment()));
          }
        }
      }
    }
  }

  @Test
  void bitmaskAndBack() throws IOException {
    List<Item> dense = new ArrayList<>();
    List<Item> packed = new ArrayList<>();
    byte[] norm = new byte[6];
    random.nextBytes(norm);
    dense.add(Item.of("norm", "BF16", norm, 3));
    packed.add(dense.get(0));
    for (String dtype : List.of("F32", "BF16", "F16")) {
      for (int n : ROWS) {
        for (int k : COLS) {
          // Every third name does not end in .weight, which the format has no place for.
          String module = "w." + dtype + "." + n + "x" + k;
          String name = (n + k) % 3 == 0 ? module : module + ".weight";
          byte[] data = Fixture.random24(random, dtype, n, k);
          dense.add(Item.of(name, dtype, data, n, k));
          packed.addAll(Fixture.bitmask(module, dtype, data, n, k));
        }
      }
    }
    Path in = model(folder.resolve("in"), dense);
    byte[] before = Files.readAllBytes(in.resolve("model.safetensors"));
    Path out = folder.resolve("packed");
    convert(in, out, SparseFormat.BITMASK);
    Map<String, Item> found = Fixture.readDirectory(out);
    assertEquals(texts(packed), Fixture.texts(found), "seed " + seed);
    assertEquals(
        packed.stream().map(Item::name).toList(), List.copyOf(found.keySet()), "stored order");
    assertEquals("{}", Files.readString(out.resolve("tokenizer.json")));

    JsonNode config = Fixture.json(out.resolve("config.json"));
    assertEquals("test", config.path("model_type").textValue());
    JsonNode sparsity = config.path("quantization_config").path("sparsity_config");
    assertEquals("sparse-24-bitmask", sparsity.path("format").textValue());
    assertEquals("2:4", sparsity.path("sparsity_structure").textValue());
    assertEquals("[\"Linear\"]", sparsity.path("targets").toString());
    assertEquals("[]", sparsity.path("ignore").toString());
    assertEquals(0.5, sparsity.path("global_sparsity").doubleValue(), 1e-3);

    Path back = folder.resolve("back");
    convert(out, back, SparseFormat.DENSE);
    assertEquals(texts(dense), Fixture.texts(Fixture.readDirectory(back)), "seed " + seed);
    assertEquals(
        Fixture.json(in.resolve("config.json")), Fixture.json(back.resolve("config.json")));
    JsonNode header = Fixture.header(Files.readAllBytes(back.resolve("model.safetensors")));
    assertEquals("{\"format\":\"pt\"}", header.path("__metadata__").toString());
    assertEquals(
        -1,
        MemorySegment.ofArray(before)
            .mismatch(MemorySegment.ofArray(Files.readAllBytes(in.resolve("model.safetensors")))));
  }

  /** What others wrote: read, and written back as it was. */
  @Test
  void bitmaskFixturesAreReadBitForBit() throws IOException {
    List<Item> packed = new ArrayList<>();
    List<Item> dense = new ArrayList<>();
    for (String dtype : List.of("F32", "BF16", "F16")) {
      for (int n : ROWS) {
        for (int k : COLS) {
          byte[] data = Fixture.random24(random, dtype, n, k);
          String module = "m." + dtype + n + "x" + k;
          packed.addAll(Fixture.bitmask(module, dtype, data, n, k));
          dense.add(Item.of(module + ".weight", dtype, data, n, k));
        }
      }
    }
    Path in = model(folder.resolve("in"), packed);
    convert(in, folder.resolve("dense"), SparseFormat.DENSE);
    assertEquals(
        texts(dense),
        Fixture.texts(Fixture.readDirectory(folder.resolve("dense"))),
        "seed " + seed);
    convert(in, folder.resolve("again"), SparseFormat.BITMASK);
    assertEquals(
        texts(packed),
        Fixture.texts(Fixture.readDirectory(folder.resolve("again"))),
        "seed " + seed);
  }

  @ParameterizedTest
  @CsvSource({"BF16, 32, 64", "F16, 64, 192", "BF16, 96, 64", "F16, 32, 1024"})
  void torchAndBack(String dtype, int n, int k) throws IOException {
    byte[] data = Fixture.random24(random, dtype, n, k);
    List<Item> dense =
        List.of(Item.of("w.a.weight", dtype, data, n, k), Item.of("bias", "F32", new byte[8], 2));
    List<Item> packed = new ArrayList<>(Fixture.torch("w.a.weight", dtype, data, n, k));
    packed.add(dense.get(1));
    Path in = model(folder.resolve("in"), dense);
    Path out = folder.resolve("torch");
    convert(in, out, SparseFormat.TORCH);
    assertEquals(texts(packed), Fixture.texts(Fixture.readDirectory(out)), "seed " + seed);
    convert(out, folder.resolve("back"), SparseFormat.DENSE);
    assertEquals(
        texts(dense), Fixture.texts(Fixture.readDirectory(folder.resolve("back"))), "seed " + seed);
    convert(out, folder.resolve("bits"), SparseFormat.BITMASK);
    List<Item> bits = new ArrayList<>(Fixture.bitmask("w.a", dtype, data, n, k));
    bits.add(dense.get(1));
    assertEquals(
        texts(bits), Fixture.texts(Fixture.readDirectory(folder.resolve("bits"))), "seed " + seed);
  }

  /** A file of 8-bit weights as another writer leaves it, its row scales a tensor of their own. */
  @ParameterizedTest
  @CsvSource({"I8, 16, 128", "F8_E4M3, 48, 256", "I8, 80, 384", "F8_E4M3, 32, 1152"})
  void eightBitTorchAndBack(String dtype, int n, int k) throws IOException {
    byte[] data = Fixture.random24(random, dtype, n, k);
    byte[] scales = new byte[4 * n];
    random.nextBytes(scales);
    Item scale = Item.of("w.a.weight_scale", "F32", scales, n);
    List<Item> packed = new ArrayList<>(Fixture.torch("w.a.weight", dtype, data, n, k));
    packed.add(scale);
    Path in = model(folder.resolve("in"), packed);
    convert(in, folder.resolve("dense"), SparseFormat.DENSE);
    assertEquals(
        texts(List.of(Item.of("w.a.weight", dtype, data, n, k), scale)),
        Fixture.texts(Fixture.readDirectory(folder.resolve("dense"))),
        "seed " + seed);
    Path bits = folder.resolve("bits");
    convert(in, bits, SparseFormat.BITMASK);
    List<Item> masked = new ArrayList<>(Fixture.bitmask("w.a", dtype, data, n, k));
    masked.add(scale);
    assertEquals(texts(masked), Fixture.texts(Fixture.readDirectory(bits)), "seed " + seed);
    convert(bits, folder.resolve("back"), SparseFormat.TORCH);
    assertEquals(
        texts(packed),
        Fixture.texts(Fixture.readDirectory(folder.resolve("back"))),
        "seed " + seed);
  }

  /**
   * Pruning fills a mask where a weight has fewer than two non-zeros: also kept through formats.
   */
  @Test
  void awkwardNames() throws IOException {
    List<Item> dense = new ArrayList<>();
    for (String name : List.of(".weight", "w.weight.weight", "w.größe.weight", "w.", "w.x")) {
      dense.add(Item.of(name, "F32", Fixture.random24(random, "F32", 3, 4), 3, 4));
    }
    Path in = model(folder.resolve("in"), dense);
    for (SparseFormat format : List.of(SparseFormat.BITMASK, SparseFormat.DENSE)) {
      convert(in, folder.resolve(format.id()), format);
      convert(folder.resolve(format.id()), folder.resolve(format + "back"), SparseFormat.DENSE);
      assertEquals(
          texts(dense), Fixture.texts(Fixture.readDirectory(folder.resolve(format + "back"))));
    }
    List<Item> nameless = List.of(Item.of("", "F32", dense.get(0).data(), 3, 4));
    convert(model(folder.resolve("in2"), nameless), folder.resolve("out2"), SparseFormat.BITMASK);
    convert(folder.resolve("out2"), folder.resolve("back2"), SparseFormat.DENSE);
    assertEquals(texts(nameless), Fixture.texts(Fixture.readDirectory(folder.resolve("back2"))));
    Path weight =
        Fixture.write(
            folder.resolve("a.safetensors"),
            Fixture.bitmask("", "F32", dense.get(0).data(), 3, 4).toArray(new Item[0]));
    try (Checkpoint checkpoint = Checkpoint.open(weight)) {
      assertEquals(List.of(".weight"), checkpoint.weights().stream().map(Weight::name).toList());
    }
  }

  private static Arguments bad(String what, int part, Item with, String fragment) {
    return Arguments.of(what, part, with, fragment);
  }

  private static Item shape(long... numbers) {
    return Item.of("m.shape", "I64", Fixture.longs(numbers), numbers.length, 1);
  }

  private static Item bits(int... octets) {
    byte[] bits = new byte[6];
    for (int i = 0; i < 6; i++) {
      bits[i] = (byte) (i < octets.length ? octets[i] : i % 2 == 0 ? 0x33 : 0x03);
    }
    return Item.of("m.bitmask", "U8", bits, 3, 2);
  }

  /** The good weight is F32, 3 x 12: 2 bytes of bits a row, 12 bits of them used. */
  static Stream<Arguments> badParts() {
    byte[] values = new byte[72];
    return Stream.of(
        bad("shape of 3", 2, shape(3, 12, 1), "'m.shape': is I64 [3, 1], must be I64 [2, 1]"),
        bad("shape of I32", 2, Item.of("m.shape", "I32", new byte[8], 2, 1), "must be I64 [2, 1]"),
        bad("negative n", 2, shape(-3, 12), "says -3 x 12"),
        bad("negative k", 2, shape(3, -12), "says 3 x -12"),
        bad("k of 13", 2, shape(3, 13), "says 3 x 13"),
        bad("huge", 2, shape(Long.MAX_VALUE, 1L << 62), "which is no 2:4 weight"),
        bad("smallest", 2, shape(Long.MIN_VALUE, Long.MIN_VALUE), "which is no 2:4 weight"),
        bad("transposed", 2, shape(12, 3), "says 12 x 3"),
        bad("other n", 2, shape(4, 12), "'m.compressed': is F32 [3, 6], must be [4, 6]"),
        bad("other k", 2, shape(3, 16), "must be [3, 8] to fit shape 3 x 16"),
        bad(
            "flat values",
            0,
            Item.of("m.compressed", "F32", values, 18),
            "'m.compressed': is F32 [18], must be [3, 6]"),
        bad(
            "bits of I8",
            1,
            Item.of("m.bitmask", "I8", new byte[6], 3, 2),
            "'m.bitmask': is I8 [3, 2], must be U8 [3, 2]"),
        bad(
            "bits too short",
            1,
            Item.of("m.bitmask", "U8", new byte[3], 3, 1),
            "must be U8 [3, 2]"),
        bad("bits missing", 1, Item.of("other", "U8", new byte[3], 3), "'m.bitmask' is missing"),
        bad("shape missing", 2, Item.of("other", "U8", new byte[3], 3), "'m.shape' is missing"),
        bad(
            "values missing",
            0,
            Item.of("other", "U8", new byte[3], 3),
            "'m.compressed' is missing"),
        bad(
            "three bits",
            1,
            bits(0x37),
            "tensor 'm.bitmask': row 0, columns 0..3: 3 bits, must be 2"),
        bad("one bit", 1, bits(0x33, 3, 0x13), "row 1, columns 4..7: 1 bits, must be 2"),
        bad("no bit", 1, bits(0x33, 0), "row 0, columns 8..11: 0 bits, must be 2"),
        bad("bits behind", 1, bits(0x33, 3, 0x33, 0x13), "row 1 has bits behind column 12"),
        bad(
            "values of I16",
            0,
            Item.of("m.compressed", "I16", new byte[36], 3, 6),
            "tensor 'm.weight': is I16, must be F32, BF16, F16, I8 or F8_E4M3"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badParts")
  void badBitmaskPartsAreNamed(String what, int part, Item with, String fragment)
      throws IOException {
    List<Item> items =
        new ArrayList<>(Fixture.bitmask("m", "F32", Fixture.random24(random, "F32", 3, 12), 3, 12));
    items.set(part, with);
    badWeight(items, fragment, what);
  }

  private void badWeight(List<Item> items, String fragment, String what) throws IOException {
    Path file =
        Files.write(
            folder.resolve("bad.safetensors"), Fixture.safetensors(Map.of("a", "b"), items));
    try (Checkpoint checkpoint = Checkpoint.open(file);
        Arena arena = Arena.ofConfined()) {
      FormatException e =
          assertThrows(
              FormatException.class,
              () -> {
                for (Weight weight : checkpoint.weights()) {
                  List<Long> shape = weight.info().shape();
                  if (weight.isCompressed()) {
                    weight.read(
                        Compressed24.allocate(arena, shape.get(0), shape.get(1), weight.dtype()));
                  }
                }
              },
              what);
      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith(file + ": "), message);
      assertTrue(message.contains(fragment), message);
    }
  }

  @Test
  void badTorchPartsAreNamed() throws IOException {
    byte[] data = Fixture.random24(random, "F16", 32, 64);
    List<Item> good = Fixture.torch("w", "F16", data, 32, 64);
    Item values = good.get(0);
    Item meta = good.get(1);
    badWeight(
        List.of(values, Item.of("w.meta", "U16", meta.data(), 32, 4)),
        "'w.meta': is U16 [32, 4], must be I16 [32, 4]",
        "type");
    badWeight(
        List.of(values, Item.of("w.meta", "I16", meta.data(), 64, 2)),
        "'w.meta': is I16 [64, 2], must be I16 [32, 4]",
        "shape");
    badWeight(
        List.of(Item.of("w.packed", "F16", values.data(), 64, 16), meta),
        "'w.packed': is F16 [64, 16], w: the torch format needs n a multiple of 32",
        "k of 32");
    badWeight(
        List.of(Item.of("w.packed", "F32", new byte[4096], 32, 32), meta),
        "F8_E4M3, not of F32",
        "F32");
    badWeight(
        List.of(Item.of("w.packed", "I16", values.data(), 32, 32), meta), "not of I16", "I16");
    badWeight(
        List.of(Item.of("w.packed", "F16", values.data(), 1024), meta), "must have 2 extents", "1");
    badWeight(
        List.of(Item.of("w.packed", "F16", values.data(), 1, 32, 32), meta),
        "must have 2 extents",
        "3");
    Item bytes = Item.of("w.packed", "I8", new byte[1024], 16, 64);
    badWeight(
        List.of(bytes, Item.of("w.meta", "I16", new byte[256], 16, 8)),
        "'w.meta': is I16 [16, 8], must be I32 [16, 4]",
        "words of 16 bits");
    badWeight(
        List.of(bytes, Item.of("w.meta", "I32", new byte[256], 16, 4)),
        "tensor 'w.meta': row 0, columns 0..3: positions 0 and 0 do not rise",
        "zeros of 8 bits");
    badWeight(
        List.of(Item.of("w.packed", "I8", new byte[1024], 32, 32), meta),
        "w: the torch format needs n a multiple of 16 and k of 128",
        "k of 64");
    // Extents whose doubling overflows, or that no matrix has; empty, so the file may say them.
    badWeight(
        List.of(
            Item.of("w.packed", "F16", new byte[0], 0, 1L << 62),
            Item.of("w.meta", "I16", new byte[0], 0, 4)),
        "'w.packed': is F16 [0, 4611686018427387904]",
        "overflow");
    badWeight(
        List.of(
            Item.of("w.packed", "F16", new byte[0], 1L << 50, 0),
            Item.of("w.meta", "I16", new byte[0], 1L << 50, 0)),
        "'w.packed': is F16 [1125899906842624, 0]",
        "too many rows");
    badWeight(
        List.of(values, Item.of("w.meta", "I16", new byte[256], 32, 4)),
        "tensor 'w.meta': row 0, columns 0..3: positions 0 and 0 do not rise",
        "zeros");
  }

  @Test
  void aWeightMayNotBeThereTwice() throws IOException {
    byte[] data = Fixture.random24(random, "F16", 32, 64);
    List<Item> items = new ArrayList<>(Fixture.bitmask("m", "F16", data, 32, 64));
    items.add(Item.of("m.weight", "F16", data, 32, 64));
    badWeight(items, "weight 'm.weight' is there twice", "dense and bitmask");
    items.removeLast();
    items.addAll(Fixture.torch("m.weight", "F16", data, 32, 64));
    badWeight(items, "weight 'm.weight' is there twice", "torch and bitmask");
  }

  @Test
  void aLoneSuffixIsAPlainTensor() throws IOException {
    List<Item> items =
        List.of(
            Item.of("a.shape", "I64", new byte[16], 2),
            Item.of("b.meta", "I16", new byte[2], 1),
            Item.of("c.packed", "F16", new byte[2], 1),
            Item.of("d.bitmask", "U8", new byte[2], 2));
    Path file = Fixture.write(folder.resolve("a"), items.toArray(new Item[0]));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertEquals(
          List.of("a.shape", "b.meta", "c.packed", "d.bitmask"),
          checkpoint.weights().stream().map(Weight::name).toList());
      assertFalse(checkpoint.weights().stream().anyMatch(Weight::isCompressed));
    }
  }

  @Test
  void moreThanTwoNonZerosAreAnErrorAndNoFile() throws IOException {
    byte[] data = Fixture.random24(random, "F32", 31, 20);
    for (int t = 0; t < 3; t++) {
      data[4 * (7 * 20 + 12 + t) + 3] = 0x3F;
    }
    Path in = model(folder.resolve("in"), List.of(Item.of("w.x.weight", "F32", data, 31, 20)));
    Path out = folder.resolve("out");
    Sparse24Exception.BadData e =
        assertThrows(Sparse24Exception.BadData.class, () -> convert(in, out, SparseFormat.BITMASK));
    assertTrue(String.valueOf(e.getMessage()).contains("w[7, 12..15]"), e.getMessage());
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(in), left.toList());
    }
    try (Checkpoint checkpoint = Checkpoint.open(in);
        Session session = Backends.open("reference");
        Arena arena = Arena.ofConfined()) {
      Matrix w = checkpoint.tensor("w.x.weight").matrix(arena);
      Exception twice =
          assertThrows(
              Sparse24Exception.BadData.class, () -> Sparse24Matrix.ofDense(session, w).close());
      assertTrue(String.valueOf(twice.getMessage()).contains("w[7, 12..15]"), twice.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "sparse-24-bitmask, 3, 6, 'w: k = 6 is not a multiple of 4'",
    "sparse-24-bitmask, 3, 1, 'w: k = 1 is not a multiple of 4'",
    "torch, 31, 64, 'w: the torch format needs'",
  })
  void shapesAFormatCannotHoldAreRefusedByName(String format, int n, int k, String fragment)
      throws IOException {
    SparseFormat named = SparseFormat.named(format);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> named.parts("w", DType.F16, n, k));
    assertTrue(String.valueOf(e.getMessage()).contains(fragment), e.getMessage());
    Path in = model(folder.resolve("in"), List.of(Item.of("w", "F16", new byte[2 * n * k], n, k)));
    try (Checkpoint checkpoint = Checkpoint.open(in)) {
      CheckpointCopy copy = new CheckpointCopy(checkpoint);
      copy.store(copy.weights().get(0), named);
      assertThrows(IllegalArgumentException.class, () -> copy.start(folder.resolve("out")).close());
    }
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void onlyMatricesChangeTheirFormat() throws IOException {
    Path file =
        Fixture.write(
            folder.resolve("a.safetensors"),
            Item.of("vector", "F32", new byte[16], 4),
            Item.of("ints", "I32", new byte[16], 1, 4));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      for (int i = 0; i < 2; i++) {
        CheckpointCopy copy = new CheckpointCopy(checkpoint);
        Weight weight = copy.weights().get(i);
        copy.store(weight, SparseFormat.BITMASK);
        Weight stranger = checkpoint.weights().get(i);
        assertThrows(
            IllegalArgumentException.class, () -> copy.store(stranger, SparseFormat.BITMASK));
        FormatException e =
            assertThrows(FormatException.class, () -> copy.start(folder.resolve("out")).close());
        assertTrue(
            String.valueOf(e.getMessage()).contains("'" + weight.name() + "'"), e.getMessage());
      }
    }
    assertFalse(Files.exists(folder.resolve("out")));
  }

  /** Views with gaps would write what is between the rows. */
  @Test
  void encodingTakesNoGapsBetweenRows() {
    try (Arena arena = Arena.ofConfined();
        Session session = Backends.open("reference")) {
      Matrix wide = Matrix.allocate(arena, 32, 40, DType.F16);
      Matrix values = Matrix.of(wide.buffer(), 0, 32, 32, 40, DType.F16);
      Compressed24 good = Compressed24.allocate(arena, 32, 64, DType.F16);
      Compressed24 gaps = new Compressed24(values, good.mask());
      for (SparseFormat format : List.of(SparseFormat.BITMASK, SparseFormat.TORCH)) {
        IllegalArgumentException e =
            assertThrows(IllegalArgumentException.class, () -> format.encode(session, gaps, arena));
        assertTrue(String.valueOf(e.getMessage()).contains("without gaps"), e.getMessage());
      }
      Compressed24 small = Compressed24.allocate(arena, 3, 12, DType.F16);
      assertThrows(
          IllegalArgumentException.class, () -> SparseFormat.TORCH.encode(session, small, arena));
    }
  }

  @Test
  void readingChecksWhereItWrites() throws IOException {
    Path file =
        Fixture.write(
            folder.resolve("a"),
            Fixture.bitmask("m", "F32", Fixture.random24(random, "F32", 3, 12), 3, 12)
                .toArray(new Item[0]));
    try (Checkpoint checkpoint = Checkpoint.open(file);
        Arena arena = Arena.ofConfined()) {
      Weight weight = checkpoint.weights().get(0);
      assertEquals("F32 [3, 12]", weight.info().type() + " " + weight.info().shapeText());
      for (Compressed24 wrong :
          List.of(
              Compressed24.allocate(arena, 3, 12, DType.F16),
              Compressed24.allocate(arena, 3, 16, DType.F32),
              Compressed24.allocate(arena, 4, 12, DType.F32))) {
        assertThrows(IllegalArgumentException.class, () -> weight.read(wrong));
      }
    }
  }

  @Test
  void theConfigKeepsWhatItHad() throws IOException {
    ObjectMapper json = new ObjectMapper();
    String quantized =
        """
        {"quantization_config": {"quant_method": "compressed-tensors", "format": "float-quantized",
         "config_groups": {"group_0": {}}}, "x": 1}
        """;
    ObjectNode config = (ObjectNode) json.readTree(quantized);
    SparseFormat.BITMASK.describe(config, 0.25, List.of("head.weight", "other"));
    JsonNode sparsity = config.path("quantization_config").path("sparsity_config");
    assertEquals("[\"head\",\"other\"]", sparsity.path("ignore").toString());
    assertEquals("float-quantized", config.path("quantization_config").path("format").textValue());
    SparseFormat.DENSE.describe(config, 0, List.of());
    assertEquals(json.readTree(quantized), config);
    ObjectNode other =
        (ObjectNode) json.readTree("{\"quantization_config\":{\"quant_method\":\"gptq\"}}");
    SparseFormat.DENSE.describe(other, 0, List.of());
    assertEquals("{\"quantization_config\":{\"quant_method\":\"gptq\"}}", other.toString());
    ObjectNode none = json.createObjectNode();
    SparseFormat.TORCH.describe(none, 0.5, List.of());
    SparseFormat.DENSE.describe(none, 0, List.of());
    assertEquals("{}", none.toString());
  }

  @Test
  void formatsAreNamed() {
    for (SparseFormat format : SparseFormat.values()) {
      assertEquals(format, SparseFormat.named(format.id()));
    }
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> SparseFormat.named("marlin"));
    assertEquals(
        "format: is 'marlin', must be one of dense, sparse-24-bitmask, torch", e.getMessage());
  }
}
