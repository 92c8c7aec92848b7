package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.format.Fixture.Item;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Good files, read mapped. */
final class SafetensorsTest {
  @TempDir Path folder;

  /** The format's own list with its sizes in bits. */
  @ParameterizedTest
  @CsvSource({
    "BOOL, 8",
    "F4, 4",
    "F6_E2M3, 6",
    "F6_E3M2, 6",
    "U8, 8",
    "I8, 8",
    "F8_E5M2, 8",
    "F8_E4M3, 8",
    "F8_E8M0, 8",
    "F8_E4M3FNUZ, 8",
    "F8_E5M2FNUZ, 8",
    "I16, 16",
    "U16, 16",
    "F16, 16",
    "BF16, 16",
    "I32, 32",
    "U32, 32",
    "F32, 32",
    "C64, 64",
    "F64, 64",
    "I64, 64",
    "U64, 64"
  })
  void everyTypeIsReadBitForBit(String dtype, int bits) throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] data = new byte[12 * bits / 8];
    random.nextBytes(data);
    byte[] scalar = new byte[8];
    Path file =
        Fixture.write(
            folder.resolve("a.safetensors"),
            Item.of("x", dtype, data, 3, 4),
            Item.of("none", dtype, new byte[0], 3, 0),
            Item.of("scalar", "F64", scalar));
    try (Safetensors tensors = Safetensors.open(file)) {
      Tensor x = tensors.tensor("x");
      assertEquals(List.of(3L, 4L), x.info().shape());
      assertEquals(dtype, x.info().type().name());
      assertEquals(bits, x.info().type().bits());
      assertArrayEquals(data, x.segment().toArray(ValueLayout.JAVA_BYTE), "seed " + seed);
      assertEquals(0, tensors.tensor("none").segment().byteSize());
      assertEquals(List.of(), tensors.tensor("scalar").info().shape());
      assertEquals(8, tensors.tensor("scalar").segment().byteSize());
    }
  }

  @Test
  void theTypesAreTheFormatsAndNoMore() {
    assertEquals(22, TensorType.values().length, "a new type needs a line in the test above");
  }

  @Test
  void tensorsAreViewsOfTheMappedFile() throws IOException {
    Path file = Fixture.write(folder.resolve("a"), Item.of("x", "U8", new byte[] {1, 2, 3}, 3));
    Tensor tensor;
    try (Safetensors tensors = Safetensors.open(file)) {
      tensor = tensors.tensor("x");
      assertTrue(tensor.segment().isMapped());
      assertTrue(tensor.segment().isReadOnly());
      assertEquals(file, tensor.file());
      // Written behind its back, seen without reading again: nothing was copied.
      try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
        out.seek(out.length() - 1);
        out.write(77);
      }
      assertEquals(77, tensor.segment().get(ValueLayout.JAVA_BYTE, 2));
    }
    assertThrows(IllegalStateException.class, () -> tensor.segment().get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void matricesNeedNoCopyWhereTheFileAlignsThem() throws IOException {
    for (int pad = 0; pad < 4; pad++) {
      byte[] data = new byte[24];
      new Random(pad).nextBytes(data);
      String header = "{" + Fixture.entry("x", "F32", List.of(2L, 3L), 0, 24) + "}";
      header += " ".repeat((8 - header.length() % 8) % 8 + pad);
      byte[] bytes = Fixture.file(header.getBytes(java.nio.charset.StandardCharsets.UTF_8), data);
      Path file = Files.write(folder.resolve("pad" + pad), bytes);
      try (Safetensors tensors = Safetensors.open(file);
          Arena arena = Arena.ofConfined()) {
        Tensor x = tensors.tensor("x");
        Matrix matrix = x.matrix(arena);
        assertArrayEquals(data, matrix.segment().toArray(ValueLayout.JAVA_BYTE));
        assertEquals(2, matrix.rows());
        assertEquals(3, matrix.cols());
        if (pad == 0) {
          assertEquals(x.segment().address(), matrix.segment().address());
          assertEquals(x.segment().address(), x.matrix().segment().address());
        } else {
          FormatException e = assertThrows(FormatException.class, x::matrix);
          assertTrue(message(e).contains("tensor 'x': the file places it"), message(e));
        }
      }
    }
  }

  @Test
  void vectorsAreMatricesOfOneRowAndOthersAreNone() throws IOException {
    Path file =
        Fixture.write(
            folder.resolve("a"),
            Item.of("scalar", "F32", new byte[4]),
            Item.of("vector", "F16", new byte[6], 3),
            Item.of("cube", "BF16", new byte[16], 2, 2, 2),
            Item.of("ints", "I32", new byte[16], 2, 2),
            Item.of("huge", "F32", new byte[0], 1L << 50, 0));
    try (Safetensors tensors = Safetensors.open(file);
        Arena arena = Arena.ofConfined()) {
      Matrix vector = tensors.tensor("vector").matrix(arena);
      assertEquals(1, vector.rows());
      assertEquals(3, vector.cols());
      assertEquals(DType.F16, vector.dtype());
      for (String name : List.of("scalar", "cube", "ints", "huge")) {
        Tensor tensor = tensors.tensor(name);
        FormatException e = assertThrows(FormatException.class, () -> tensor.matrix(arena), name);
        assertTrue(message(e).contains("tensor '" + name + "'"), message(e));
        assertThrows(FormatException.class, tensor::matrix, name);
      }
    }
  }

  @Test
  void orderAndMetadataAreTheHeaders() throws IOException {
    List<Item> items = new ArrayList<>();
    for (String name : List.of("z", "a", "größe", "m.0.weight", "", "with \\\"quotes\\\"")) {
      items.add(Item.of(name, "U8", new byte[] {(byte) items.size()}, 1));
    }
    Path file =
        Files.write(
            folder.resolve("a"), Fixture.safetensors(Map.of("format", "pt", "β", "γ"), items));
    try (Safetensors tensors = Safetensors.open(file)) {
      assertEquals(
          List.of("z", "a", "größe", "m.0.weight", "", "with \"quotes\""),
          tensors.tensors().stream().map(Tensor::name).toList());
      assertEquals(Map.of("format", "pt", "β", "γ"), tensors.metadata());
      FormatException e = assertThrows(FormatException.class, () -> tensors.tensor("b"));
      assertEquals(file + ": has no tensor 'b'", e.getMessage());
    }
  }

  @Test
  void offsetsNeedNotFollowTheHeadersOrder() throws IOException {
    String header =
        "{"
            + Fixture.entry("second", "U8", List.of(1L), 1, 2)
            + ","
            + Fixture.entry("first", "U8", List.of(1L), 0, 1)
            + ","
            + Fixture.entry("empty", "U8", List.of(0L), 1, 1)
            + "}   ";
    byte[] bytes =
        Fixture.file(header.getBytes(java.nio.charset.StandardCharsets.UTF_8), new byte[] {5, 6});
    try (Safetensors tensors = Safetensors.open(Files.write(folder.resolve("a"), bytes))) {
      assertEquals(5, tensors.tensor("first").segment().get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(6, tensors.tensor("second").segment().get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(
          List.of("second", "first", "empty"),
          tensors.tensors().stream().map(Tensor::name).toList());
    }
  }

  @Test
  void filesBeyondTwoGigabytes() throws IOException {
    long far = (1L << 31) + 4096 + 4;
    String header =
        "{"
            + Fixture.entry("gap", "U8", List.of(far), 0, far)
            + ","
            + Fixture.entry("big", "F32", List.of(1L << 15, 1L << 15), far, far + (1L << 32))
            + ","
            + Fixture.entry("last", "I64", List.of(1L), far + (1L << 32), far + (1L << 32) + 8)
            + "}";
    header += " ".repeat((8 - header.length() % 8) % 8);
    Path file = folder.resolve("sparse.safetensors");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(Fixture.file(header, 0));
      long start = out.length();
      out.setLength(start + far + (1L << 32) + 8); // holes: no disk is used
      out.seek(start + far + (1L << 32) - 4);
      out.write(new byte[] {0, 0, (byte) 0x80, 0x3F}); // 1.0f
      out.write(Fixture.longs(0x0123456789ABCDEFL));
    }
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertEquals(far, checkpoint.tensor("gap").segment().byteSize());
      Matrix big = checkpoint.tensor("big").matrix();
      assertEquals(1f, big.get((1 << 15) - 1, (1 << 15) - 1));
      assertEquals(0f, big.get(1 << 14, 0));
      assertEquals(
          0x0123456789ABCDEFL,
          checkpoint.tensor("last").segment().get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
      assertEquals(3, checkpoint.weights().size());
    }
  }

  @Test
  void whatIsNoFileIsAnError() throws IOException {
    Path missing = folder.resolve("missing.safetensors");
    assertThrows(NoSuchFileException.class, () -> Safetensors.open(missing));
    assertThrows(NoSuchFileException.class, () -> Checkpoint.open(missing));
    FormatException e = assertThrows(FormatException.class, () -> Safetensors.open(folder));
    assertTrue(message(e).startsWith(folder + ": is a directory"), message(e));
    Path device = Path.of("/dev/null");
    FormatException none = assertThrows(FormatException.class, () -> Safetensors.open(device));
    assertEquals("/dev/null: is no regular file", none.getMessage());
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }
}
