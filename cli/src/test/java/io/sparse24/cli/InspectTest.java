package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.api.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Patterns are found in tensors whose zeros are placed here. */
final class InspectTest {
  @TempDir Path dir = Path.of("");

  /** Two rows of 16; a letter is a non-zero, a dot a zero. */
  private static float[] row(String zeros) {
    float[] values = new float[32];
    for (int i = 0; i < values.length; i++) {
      values[i] = zeros.charAt(i % zeros.length()) == '.' ? 0 : i + 1;
    }
    return values;
  }

  @Test
  void namesPatternsZerosAndHowItIsStored() throws IOException {
    Path file =
        new Model()
            .put("dense", DType.F32, row("xxxxxxxxxxxxxxxx"), 2, 16)
            .put("half", DType.BF16, row("x..xxx....xx.x.x"), 2, 16)
            .put("eight", DType.F16, row("xxxx....xxx....."), 2, 16)
            .put("wide", DType.F32, row("xxxxxxxx........"), 2, 16)
            .put("almost", DType.F32, row("xxx.x..x........"), 2, 16)
            .put("vector", DType.F32, new float[] {1, 0, 0}, 3)
            .write(dir.resolve("model.safetensors"));
    JsonNode result = S24.json("inspect", file);
    assertEquals(List.of("path", "tensors", "bytes"), S24.fields(result));
    JsonNode tensors = result.get("tensors");
    assertEquals(
        List.of("name", "dtype", "shape", "bytes", "zeros", "zero_share", "pattern", "format"),
        S24.fields(tensors.get(0)));
    assertEquals(
        List.of("dense", "2:4", "4:8", "8:16", "5:16", "dense"),
        tensors.findValuesAsText("pattern"));
    assertEquals(List.of("0", "16", "18", "16", "22", "2"), tensors.findValuesAsText("zeros"));
    assertEquals(
        List.of("F32", "BF16", "F16", "F32", "F32", "F32"), tensors.findValuesAsText("dtype"));
    assertEquals("[2,16]", tensors.get(1).get("shape").toString());
    assertEquals(0.5, tensors.get(1).get("zero_share").asDouble());
    assertEquals(64, tensors.get(1).get("bytes").asLong());
    assertEquals(3 * 128 + 2 * 64 + 12, result.get("bytes").asLong());
  }

  @Test
  void aCompressedWeightIsOneWeight() throws IOException {
    Path in = new Model().normal("a.weight", DType.F32, 2, 8).write(dir.resolve("in.safetensors"));
    Path out = dir.resolve("out");
    S24.good("prune", in, out);
    S24 run = S24.good("inspect", out);
    List<String> lines = run.out().lines().toList();
    assertEquals(3, lines.size(), run.out());
    assertTrue(
        lines.get(1).matches("a\\.weight +F32 +\\[2, 8] +50 +50\\.0 % +2:4 +sparse-24-bitmask"),
        lines.get(1));
    assertEquals("1 tensor, 50 bytes", lines.get(2));
  }
}
