package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import io.sparse24.format.Fixture.Item;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** PyTorch's metadata against the published formula, element by element. */
final class TorchMetadataTest {
  @TempDir Path folder;

  private final Arena arena = Arena.ofAuto();

  private static boolean[] randomMask(Random random, int n, int k) {
    boolean[] mask = new boolean[n * k];
    for (int group = 0; group < n * k; group += 4) {
      int first = random.nextInt(4);
      int second = (first + 1 + random.nextInt(3)) % 4;
      mask[group + first] = true;
      mask[group + second] = true;
    }
    return mask;
  }

  private Mask mask(boolean[] kept, int n, int k) {
    Mask mask = Mask.allocate(arena, n, k);
    for (int at = 0; at < kept.length; at++) {
      mask.set(at / k, at % k, kept[at]);
    }
    return mask;
  }

  @ParameterizedTest
  @CsvSource({"32, 64", "64, 64", "32, 128", "96, 192", "160, 320", "32, 1024", "1024, 64"})
  void isTheFormula(int n, int k) throws IOException {
    long seed = Long.getLong("s24.seed", System.nanoTime());
    boolean[] kept = randomMask(new Random(seed), n, k);
    Mask mask = mask(kept, n, k);
    byte[] expected = Fixture.torchMeta(kept, n, k, 2);
    MemorySegment meta = arena.allocate(expected.length);
    TorchMetadata.of(TensorType.BF16, n).encode(mask, meta);
    assertArrayEquals(expected, meta.toArray(ValueLayout.JAVA_BYTE), "seed " + seed);
    Path file = Fixture.write(folder.resolve("a"), Item.of("m", "I16", expected, n, k / 16));
    try (Safetensors tensors = Safetensors.open(file)) {
      Tensor tensor = tensors.tensor("m");
      Mask back = Mask.allocate(arena, n, k);
      TorchMetadata.of(TensorType.F16, n).decode(tensor.segment(), back, tensor);
      assertEquals(-1, back.segment().mismatch(mask.segment()), "seed " + seed);
    }
  }

  @ParameterizedTest
  @CsvSource({"32, 4", "64, 8", "96, 12"})
  void everyPlaceIsUsedOnce(int n, int cols) {
    BitSet used = new BitSet();
    for (int r = 0; r < n; r++) {
      for (int c = 0; c < cols; c++) {
        long offset = TorchMetadata.of(TensorType.BF16, n).offset(r, c);
        assertEquals(2L * Fixture.torchPlace(n, r, c, 2), offset, r + ", " + c);
        used.set(Math.toIntExact(offset));
      }
    }
    assertEquals(n * cols, used.cardinality());
    assertEquals(2 * n * cols - 1, used.length());
  }

  /** Places worked out by hand: first rows and columns of the smallest metadata, [32, 4]. */
  @Test
  void knownPlaces() {
    TorchMetadata sixteen = TorchMetadata.of(TensorType.F16, 32);
    assertEquals(0, sixteen.offset(0, 0));
    assertEquals(2 * 2, sixteen.offset(0, 1)); // row 0, column 1 -> row 1, column 0
    assertEquals(2 * 8, sixteen.offset(1, 0)); // row 1 -> row 4
    assertEquals(2 * 1, sixteen.offset(8, 0)); // row 8 -> row 1 -> row 0, column 1
    assertEquals(2 * 3, sixteen.offset(8, 1));
    assertEquals(2 * 64, sixteen.offset(0, 2)); // the next pair of columns
  }

  /** Of 8-bit types, where PyTorch's way back to dense looks for word (r, c). */
  @ParameterizedTest
  @CsvSource({"16, 128", "48, 256", "64, 256", "80, 384", "32, 1024"})
  void eightBitTypesHaveWordsOfEightGroups(int n, int k) throws IOException {
    long seed = Long.getLong("s24.seed", System.nanoTime());
    boolean[] kept = randomMask(new Random(seed), n, k);
    Mask mask = mask(kept, n, k);
    TorchMetadata words = TorchMetadata.of(TensorType.I8, n);
    MemorySegment meta = arena.allocate((long) n * k / 8);
    words.encode(mask, meta);
    int[] eights = {0, 1, 32, 33};
    for (int r = 0; r < n; r++) {
      for (int c = 0; c < k / 32; c++) {
        int place = c % 2 * 2 + c / 2 * 2 * n + r % 8 * 4 + eights[r / 8 % 4] + r / 32 * 64;
        assertEquals(4L * place, words.offset(r, c), r + ", " + c);
        int word = meta.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * place);
        for (int g = 0; g < 8; g++) {
          int group = r * k + 32 * c + 4 * g;
          int first = word >> (4 * g) & 3;
          int second = word >> (4 * g + 2) & 3;
          assertTrue(first < second && kept[group + first] && kept[group + second]);
        }
      }
    }
    byte[] bytes = meta.toArray(ValueLayout.JAVA_BYTE);
    Path file = Fixture.write(folder.resolve("a"), Item.of("m", "I32", bytes, n, k / 32));
    try (Safetensors tensors = Safetensors.open(file)) {
      Tensor tensor = tensors.tensor("m");
      Mask back = Mask.allocate(arena, n, k);
      words.decode(tensor.segment(), back, tensor);
      assertEquals(-1, back.segment().mismatch(mask.segment()), "seed " + seed);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 32, 64, 'w: the torch format holds 2:4 weights of BF16, F16, I8 or F8_E4M3, not of F32'",
    "BF16, 31, 64, 'needs n a multiple of 32 and k of 64, this is 31 x 64'",
    "BF16, 33, 64, 'this is 33 x 64'",
    "F16, 32, 32, 'this is 32 x 32'",
    "F16, 32, 68, 'this is 32 x 68 (exclude it, or use sparse-24-bitmask)'",
    "F16, 1, 4, 'w: the torch format needs n'",
    "I8, 32, 64, 'n a multiple of 16 and k of 128, this is 32 x 64'",
    "F8_E4M3, 24, 128, 'this is 24 x 128'",
  })
  void otherShapesAreRefused(DType dtype, long n, long k, String fragment) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> SparseFormat.TORCH.parts("w", dtype, n, k));
    assertTrue(String.valueOf(e.getMessage()).contains(fragment), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "5, 1", "10, 2", "15, 3", "1, 1", "2, 2", "6, 2", "3, 3", "7, 3", "11, 3"})
  void positionsThatDoNotRiseAreAnErrorThatNamesTheGroup(int nibble, int first) throws IOException {
    int n = 64;
    int k = 128;
    byte[] meta = Fixture.torchMeta(randomMask(new Random(1), n, k), n, k, 2);
    int at =
        2 * Fixture.torchPlace(n, 37, 5, 2) + 1; // columns 80..95, group 2 of 4 in the high byte
    meta[at] = (byte) ((meta[at] & 0xF0) | nibble);
    Path file = Fixture.write(folder.resolve("a"), Item.of("m", "I16", meta, n, k / 16));
    try (Safetensors tensors = Safetensors.open(file)) {
      Tensor tensor = tensors.tensor("m");
      Mask back = Mask.allocate(arena, n, k);
      FormatException e =
          assertThrows(
              FormatException.class,
              () -> TorchMetadata.of(TensorType.F16, n).decode(tensor.segment(), back, tensor));
      assertTrue(
          String.valueOf(e.getMessage())
              .contains(
                  "tensor 'm': row 37, columns 88..91: positions "
                      + first
                      + " and "
                      + (nibble >> 2)
                      + " do not rise"),
          e.getMessage());
    }
  }
}
