package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.format.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A file of PyTorch's layout, of 16-bit and of 8-bit types, that others wrote. */
final class EightBitTest {
  private static final Path FILE =
      Path.of("..", "sparse24", "src", "test", "fixtures", "torch.safetensors");

  @TempDir Path dir = Path.of("");

  @Test
  void isInspectedDecompressedAndChecked() throws IOException {
    JsonNode packed = S24.json("inspect", FILE).get("tensors");
    assertEquals(List.of("BF16", "F16", "I8", "F8_E4M3"), packed.findValuesAsText("dtype"));
    assertEquals(List.of("torch", "torch", "torch", "torch"), packed.findValuesAsText("format"));
    assertEquals("[64,256]", packed.get(2).get("shape").toString());

    Path dense = dir.resolve("dense.safetensors");
    assertEquals(4, S24.json("decompress", FILE, dense).get("decompressed").asInt());
    JsonNode plain = S24.json("inspect", dense).get("tensors");
    assertEquals(List.of("2:4", "2:4", "2:4", "2:4"), plain.findValuesAsText("pattern"));
    assertEquals(List.of("dense", "dense", "dense", "dense"), plain.findValuesAsText("format"));

    assertEquals(4, S24.json("check", FILE).get("pruned").asInt());
    assertEquals(4, S24.json("check", FILE, "--against", dense).get("pruned").asInt());
  }

  @Test
  void aKeptValueOfAnotherBitIsNamed() throws IOException {
    Path dense = dir.resolve("dense.safetensors");
    S24.good("decompress", FILE, dense);
    byte[] bytes = Files.readAllBytes(dense);
    int column = 0;
    int row = start(dense, "v.weight") + 3 * 256;
    while (bytes[row + column] == 0) {
      column++;
    }
    bytes[row + column] ^= 1;
    assertTrue(
        against(bytes).contains("'v.weight': [3, " + column + "] is kept, but not the dense"));
  }

  /** What -0.0 and NaN are depends on the type. */
  @ParameterizedTest
  @CsvSource({
    "w.weight, 1, true",
    "w.weight, -128, false",
    "w.weight, 127, false",
    "w.weight, -1, false",
    "v.weight, -128, true",
    "v.weight, 127, true",
  })
  void aDroppedValueIsALossWhereAZeroIsKept(String name, byte value, boolean loss)
      throws IOException {
    Path dense = dir.resolve("dense.safetensors");
    S24.good("decompress", FILE, dense);
    byte[] bytes = Files.readAllBytes(dense);
    int group = start(dense, name);
    while (nonZeros(bytes, group) != 1) {
      group += 4;
    }
    // Three zeros, of which one is kept.
    int kept = 0;
    int lost = 0;
    for (int at = group; at < group + 4; at++) {
      if (bytes[at] == 0) {
        byte[] changed = bytes.clone();
        changed[at] = value;
        String said = against(changed);
        kept += said.contains("is kept, but not the dense") ? 1 : 0;
        lost += said.contains("have 1 of the dense checkpoint's 2 non-zeros") ? 1 : 0;
      }
    }
    assertEquals(1, kept);
    assertEquals(loss ? 2 : 0, lost);
  }

  private static int nonZeros(byte[] bytes, int group) {
    int count = 0;
    for (int at = group; at < group + 4; at++) {
      count += bytes[at] == 0 ? 0 : 1;
    }
    return count;
  }

  /** Where a tensor's bytes begin in a file. */
  private static int start(Path file, String name) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int at = 8 + ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      for (var tensor : checkpoint.tensors()) {
        if (tensor.name().equals(name)) {
          return at;
        }
        at += Math.toIntExact(tensor.segment().byteSize());
      }
    }
    throw new AssertionError(name);
  }

  private String against(byte[] dense) throws IOException {
    Path file = Files.write(dir.resolve("other.safetensors"), dense);
    return S24.run("check", FILE, "--against", file).out();
  }
}
