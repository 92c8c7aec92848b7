package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.format.Fixture.Item;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Files written: read back by the fixtures' reader, there only when whole, never over another. */
final class WriterTest {
  @TempDir Path folder;

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);

  private List<Path> left() throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.sorted().toList();
    }
  }

  private byte[] bytes(long size) {
    byte[] bytes = new byte[Math.toIntExact(size)];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Every type, names that need escapes, empty tensors anywhere. */
  private List<Item> items() {
    List<Item> items = new ArrayList<>();
    items.add(Item.of("first empty", "F32", new byte[0], 0));
    for (TensorType type : TensorType.values()) {
      items.add(Item.of("t\"\\/ é\u2028😀." + type, type.name(), bytes(3L * type.bits()), 3, 8));
    }
    items.add(Item.of("empty", "F32", new byte[0], 4, 0, 2));
    items.add(Item.of("", "U8", bytes(1), 1));
    items.add(Item.of("scalar", "F64", bytes(8)));
    items.add(Item.of("last empty", "F32", new byte[0], 0));
    return items;
  }

  private static List<TensorInfo> plan(List<Item> items) {
    return items.stream()
        .map(item -> new TensorInfo(item.name(), TensorType.valueOf(item.dtype()), item.shape()))
        .toList();
  }

  /** In random pieces, of the heap and off it. */
  private void write(CheckpointWriter writer, byte[] data) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      for (int at = 0; at < data.length; ) {
        int size = 1 + random.nextInt(data.length - at);
        MemorySegment piece = MemorySegment.ofArray(data).asSlice(at, size);
        writer.write(random.nextBoolean() ? piece : arena.allocate(size).copyFrom(piece));
        at += size;
      }
    }
  }

  private static Map<String, String> texts(List<Item> items) {
    Map<String, Item> named = new LinkedHashMap<>();
    items.forEach(item -> named.put(item.name(), item));
    return Fixture.texts(named);
  }

  @Test
  void oneFile() throws IOException {
    List<Item> items = items();
    Path out = folder.resolve("out.safetensors");
    Map<String, String> metadata = new LinkedHashMap<>();
    for (int i = 0; i < 20; i++) {
      metadata.put("key" + i * 7919 % 20, "line\n\"" + i);
    }
    try (CheckpointWriter writer = CheckpointWriter.create(out, plan(items), metadata, 1)) {
      for (Item item : items) {
        write(writer, item.data());
      }
      assertFalse(Files.exists(out), "there before it is whole");
      writer.commit(null);
    }
    assertEquals(texts(items), Fixture.texts(Fixture.read(out)), "seed " + seed);
    assertEquals(List.of(out), left());
    byte[] file = Files.readAllBytes(out);
    JsonNode header = Fixture.header(file);
    assertEquals(0, (file.length - dataBytes(items)) % 64, "the data starts at a multiple of 64");
    // In the order given, so that one input always gives one output.
    List<String> keys = new ArrayList<>();
    header.path("__metadata__").fieldNames().forEachRemaining(keys::add);
    assertEquals(List.copyOf(metadata.keySet()), keys);
    try (Checkpoint checkpoint = Checkpoint.open(out)) {
      assertEquals(metadata, checkpoint.metadata());
      assertEquals(
          items.stream().map(Item::name).toList(),
          checkpoint.tensors().stream().map(Tensor::name).toList());
    }
  }

  private static long dataBytes(List<Item> items) {
    return items.stream().mapToLong(item -> item.data().length).sum();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 24, 100, 300, 1_000_000})
  void shardsAndTheirIndex(long shardBytes) throws IOException {
    List<Item> items = items();
    Path out = folder.resolve("out");
    try (CheckpointWriter writer =
        CheckpointWriter.create(out, plan(items), Map.of("format", "pt"), shardBytes)) {
      for (Item item : items) {
        write(writer, item.data());
      }
      assertFalse(Files.exists(out), "there before it is whole");
      writer.commit(null);
    }
    assertEquals(List.of(out), left());
    assertEquals(texts(items), Fixture.texts(Fixture.readDirectory(out)), "seed " + seed);
    boolean sharded = shardBytes < 1_000_000;
    assertEquals(sharded, Files.exists(out.resolve("model.safetensors.index.json")));
    try (Stream<Path> files = Files.list(out)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
        Map<String, Item> shard = Fixture.read(file);
        long size = dataBytes(List.copyOf(shard.values()));
        long full = shard.values().stream().filter(item -> item.data().length > 0).count();
        assertTrue(size <= shardBytes || full == 1, file + " has " + size);
        if (sharded) {
          assertTrue(file.getFileName().toString().matches("model-\\d{5}-of-\\d{5}\\.safetensors"));
        }
      }
    }
    if (sharded) {
      JsonNode index = Fixture.json(out.resolve("model.safetensors.index.json"));
      assertEquals(dataBytes(items), index.path("metadata").path("total_size").longValue());
      assertEquals(items.size(), index.path("weight_map").size());
    }
    try (Checkpoint checkpoint = Checkpoint.open(out)) {
      assertEquals(items.size(), checkpoint.tensors().size());
      assertEquals("pt", checkpoint.metadata().get("format"));
    }
  }

  @Test
  void nothingToWrite() throws IOException {
    for (String name : List.of("out", "out.safetensors")) {
      Path out = folder.resolve(name);
      try (CheckpointWriter writer = CheckpointWriter.create(out, List.of(), Map.of(), 1)) {
        writer.commit(null);
      }
      try (Checkpoint checkpoint = Checkpoint.open(out)) {
        assertTrue(checkpoint.tensors().isEmpty());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"out", "out.safetensors"})
  void withoutCommitNothingIsLeft(String name) throws IOException {
    Path out = folder.resolve(name);
    List<TensorInfo> plan =
        List.of(TensorInfo.of("a", TensorType.U8, 8), TensorInfo.of("b", TensorType.U8, 8));
    try (CheckpointWriter writer = CheckpointWriter.create(out, plan, Map.of(), 8)) {
      writer.write(MemorySegment.ofArray(bytes(8)));
      IllegalStateException lacks =
          assertThrows(IllegalStateException.class, () -> writer.commit(null));
      assertEquals("tensor 'b' lacks 8 bytes", lacks.getMessage());
      writer.write(MemorySegment.ofArray(bytes(5)));
      IllegalStateException more =
          assertThrows(
              IllegalStateException.class, () -> writer.write(MemorySegment.ofArray(bytes(4))));
      assertEquals("tensor 'b' has 3 bytes left, not 4", more.getMessage());
      assertEquals(1, left().size(), "one hidden .part");
      assertTrue(left().get(0).getFileName().toString().matches("\\." + name + "\\..*\\.part"));
    }
    assertEquals(List.of(), left());
  }

  @Test
  void whatIsThereIsNeverReplaced() throws IOException {
    Path file =
        Fixture.write(folder.resolve("in.safetensors"), Item.of("a", "U8", new byte[] {1}, 1));
    byte[] before = Files.readAllBytes(file);
    Path link = Files.createSymbolicLink(folder.resolve("link.safetensors"), file);
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere"));
    Path directory = Files.createDirectory(folder.resolve("dir"));
    List<Path> all = left();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      CheckpointCopy copy = new CheckpointCopy(checkpoint);
      for (Path out : List.of(file, link, dangling, directory, directory.resolve("../dir"))) {
        FileAlreadyExistsException e =
            assertThrows(FileAlreadyExistsException.class, () -> copy.start(out).close());
        assertEquals(out.toString(), e.getFile());
        assertThrows(
            FileAlreadyExistsException.class,
            () -> new SafetensorsWriter(out, List.of(), Map.of()).close());
      }
      IOException e =
          assertThrows(
              IOException.class, () -> copy.start(folder.resolve("no/out.safetensors")).close());
      assertTrue(String.valueOf(e.getMessage()).contains("its folder does not exist"));
    }
    assertEquals(all, left());
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  /** Between the check and the rename another may have come to the name. */
  @ParameterizedTest
  @ValueSource(strings = {"out", "out.safetensors"})
  void whatCameMeanwhileIsNotReplaced(String name) throws IOException {
    Path out = folder.resolve(name);
    try (CheckpointWriter writer = CheckpointWriter.create(out, List.of(), Map.of(), 8)) {
      Path other = out;
      if (name.equals("out")) {
        Files.createDirectory(out);
        other = out.resolve("other");
      }
      Files.writeString(other, "another's");
      assertThrows(IOException.class, () -> writer.commit(null));
      assertEquals("another's", Files.readString(other));
    }
    assertEquals(List.of(out), left());
  }

  @Test
  void plansThatNoFileCanHoldAreRefused() throws IOException {
    TensorInfo a = TensorInfo.of("a", TensorType.U8, 1);
    for (List<TensorInfo> plan :
        List.of(
            List.of(a, a),
            List.of(TensorInfo.of("__metadata__", TensorType.U8, 1)),
            List.of(TensorInfo.of("a\0", TensorType.U8, 1)),
            List.of(TensorInfo.of("\ud800", TensorType.U8, 1)))) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> new SafetensorsWriter(folder.resolve("x"), plan, Map.of()).close());
      assertTrue(String.valueOf(e.getMessage()).startsWith("tensors: '"), e.getMessage());
    }
    for (TensorInfo info :
        List.of(
            TensorInfo.of("a", TensorType.U8, 1L << 32, 1L << 32),
            TensorInfo.of("a", TensorType.F4, 3))) {
      assertThrows(
          ArithmeticException.class,
          () -> new SafetensorsWriter(folder.resolve("x"), List.of(info), Map.of()).close());
    }
    assertThrows(IllegalArgumentException.class, () -> TensorInfo.of("a", TensorType.U8, -1));
    assertEquals(List.of(), left());
  }

  /** Of a hub's directory all that describes the model, and no second copy of its weights. */
  @Test
  void companionsAreCopiedAndOtherWeightFilesAreNot() throws IOException {
    Path in = Files.createDirectory(folder.resolve("in"));
    List<String> kept =
        List.of("LICENSE", "README.md", "generation_config.json", "index.json", "tokenizer.model");
    for (String name : kept) {
      Files.writeString(in.resolve(name), name);
    }
    for (String name :
        List.of(
            "config.json",
            "model.safetensors",
            "model.safetensors.index.json",
            "pytorch_model.bin",
            "pytorch_model.bin.index.json",
            "PYTORCH_MODEL.BIN",
            "consolidated.00.pth",
            "checkpoint.pt",
            "model-q4_0.gguf",
            "model.onnx",
            "tf_model.h5",
            "flax_model.msgpack",
            "rust_model.ot",
            ".gitattributes")) {
      Files.writeString(in.resolve(name), "weights");
    }
    Files.createDirectory(in.resolve("onnx"));
    Path out = folder.resolve("out");
    try (CheckpointWriter writer = CheckpointWriter.create(out, List.of(), Map.of(), 1)) {
      writer.copyCompanions(in);
      writer.commit(null);
    }
    List<String> found = new ArrayList<>(kept);
    found.add("model.safetensors");
    try (Stream<Path> list = Files.list(out)) {
      assertEquals(
          found.stream().sorted().toList(),
          list.map(path -> path.getFileName().toString()).sorted().toList());
    }
    assertEquals("LICENSE", Files.readString(out.resolve("LICENSE")));
  }

  /** Writes half a checkpoint, then ends as told. */
  static final class Ended {
    private Ended() {}

    public static void main(String[] args) throws IOException {
      CheckpointWriter writer =
          CheckpointWriter.create(
              Path.of(args[0]),
              List.of(
                  TensorInfo.of("a", TensorType.U8, 4096), TensorInfo.of("b", TensorType.U8, 4096)),
              Map.of(),
              4096);
      writer.write(MemorySegment.ofArray(new byte[4096]));
      writer.write(MemorySegment.ofArray(new byte[100]));
      System.out.println("half");
      if (args[1].equals("halt")) {
        Runtime.getRuntime().halt(42); // no hooks, as under kill -9
      }
      System.exit(42);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"out halt", "out exit", "out.safetensors halt", "out.safetensors exit"})
  void anEndedRunLeavesNoHalfFile(String how) throws IOException, InterruptedException {
    Path out = folder.resolve(how.split(" ")[0]);
    String end = how.split(" ")[1];
    Child.Result result = Child.run(Ended.class, List.of(), out.toString(), end);
    assertEquals(42, result.status(), result.output());
    assertTrue(result.output().contains("half"), result.output());
    assertFalse(Files.exists(out));
    if (end.equals("exit")) {
      assertEquals(List.of(), left());
    } else {
      assertEquals(1, left().size());
      assertTrue(left().get(0).getFileName().toString().startsWith("."), "a hidden .part");
    }
  }
}
