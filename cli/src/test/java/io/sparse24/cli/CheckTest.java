package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.api.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A good checkpoint is accepted; one changed in one place is not, and the place is named. */
final class CheckTest {
  private static final float[] DENSE = {
    4, 3, 2, 1, 1, 2, 3, 4, //
    -4, 3, -2, 1, 1, -2, 3, -4,
  };
  private static final float[] PRUNED = {
    4, 3, 0, 0, 0, 0, 3, 4, //
    -4, 3, 0, 0, 0, 0, 3, -4,
  };

  @TempDir Path dir = Path.of("");
  private Path dense = Path.of("");

  @BeforeEach
  void denseModel() throws IOException {
    dense = model(DENSE, new float[] {1, 2}, "dense");
  }

  private Path model(float[] w, float[] bias, String name) throws IOException {
    return new Model()
        .put("a.weight", DType.F32, w, 2, 8)
        .put("a.bias", DType.F32, bias, 2)
        .write(dir.resolve(name + ".safetensors"));
  }

  private static float[] with(float[] values, int at, float value) {
    float[] copy = values.clone();
    copy[at] = value;
    return copy;
  }

  private static List<String> problems(Object... words) {
    S24 run = S24.run(words);
    assertEquals(Main.FAILED, run.status(), run.out());
    JsonNode result = run.json();
    assertFalse(result.get("ok").asBoolean());
    return Json.MAPPER.convertValue(
        result.get("problems"), new com.fasterxml.jackson.core.type.TypeReference<>() {});
  }

  private void assertProblem(String expected, Path path, Object... options) {
    Object[] words = new Object[options.length + 3];
    words[0] = "check";
    words[1] = path;
    words[2] = "--json";
    System.arraycopy(options, 0, words, 3, options.length);
    List<String> found = problems(words);
    assertEquals(1, found.size(), found.toString());
    assertTrue(found.get(0).contains(expected), found.get(0));
  }

  @Test
  void whatWasPrunedByHandIsGood() throws IOException {
    Path good = model(PRUNED, new float[] {1, 2}, "good");
    JsonNode result = S24.json("check", good, "--against", dense);
    assertEquals(List.of("path", "ok", "pruned", "dense", "problems"), S24.fields(result));
    assertTrue(result.get("ok").asBoolean());
    assertEquals(1, result.get("pruned").asInt());
    assertEquals(1, result.get("dense").asInt());
    assertTrue(S24.good("check", good).out().endsWith("; good\n"));
  }

  @Test
  void aThirdNonZeroInAGroup() throws IOException {
    Path bad = model(with(PRUNED, 13, -2), new float[] {1, 2}, "bad");
    assertProblem("'a.weight': row 1, columns 4..7 have 3 non-zeros, not 2:4", bad);
    assertEquals(0, S24.run("check", bad, "--pattern", "3:4").status());
    assertEquals(0, S24.run("check", bad, "--pattern", "5:8").status());
  }

  @Test
  void minusZeroIsZeroForThePattern() throws IOException {
    Path good = model(with(PRUNED, 13, -0f), new float[] {1, 2}, "good");
    S24.good("check", good);
  }

  @Test
  void aKeptValueOfAnotherBit() throws IOException {
    Path bad = model(with(PRUNED, 8, Math.nextDown(-4f)), new float[] {1, 2}, "bad");
    S24.good("check", bad);
    assertProblem("'a.weight': [1, 0] is kept", bad, "--against", dense);
  }

  @Test
  void moreDroppedThanThePatternAsks() throws IOException {
    Path zeros = model(new float[16], new float[] {1, 2}, "zeros");
    S24.good("check", zeros);
    assertProblem(
        "'a.weight': row 0, columns 0..3 have 0 of the dense checkpoint's 4 non-zeros, 2:4 leaves"
            + " 2",
        zeros,
        "--against",
        dense);
    Path one = model(with(PRUNED, 15, 0), new float[] {1, 2}, "one");
    assertProblem("row 1, columns 4..7 have 1 of the dense", one, "--against", dense);
    assertProblem(
        "row 1, columns 0..7 have 3 of the dense checkpoint's 8 non-zeros, 4:8 leaves 4",
        one,
        "--against",
        dense,
        "--pattern",
        "4:8");
  }

  @Test
  void zerosThatWereThereBeforeAreNoLoss() throws IOException {
    float[] few = {4, 0, 0, -0f, 0, 0, 0, 0, -4, 3, 0, 1, 0, -2, 3, 0};
    Path in = model(few, new float[] {1, 2}, "few");
    Path kept = model(with(few, 11, 0), new float[] {1, 2}, "kept");
    S24.good("check", kept, "--against", in);
    Path out = dir.resolve("out");
    S24.good("prune", in, out);
    S24.good("check", out, "--against", in);
    S24.good("check", out, "--against", in, "--pattern", "4:8");
  }

  @Test
  void aMaskThatKeepsZerosInPlaceOfWhatIsNone() throws IOException {
    Path in = model(with(with(DENSE, 0, 0), 1, 0), new float[] {1, 2}, "in");
    Path out = dir.resolve("out.safetensors");
    S24.good("prune", in, out);
    byte[] bytes = Files.readAllBytes(out);
    int start = 8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    // The first group keeps columns 0 and 1 now, with their values.
    bytes[start + 32] ^= 0b1111;
    java.util.Arrays.fill(bytes, start, start + 8, (byte) 0);
    Files.write(dir.resolve("bad.safetensors"), bytes);
    S24.good("check", dir.resolve("bad.safetensors"));
    assertProblem(
        "'a.weight': row 0, columns 0..3 have 0 of the dense checkpoint's 2 non-zeros",
        dir.resolve("bad.safetensors"),
        "--against",
        in);
  }

  @Test
  void aBiasThatChanged() throws IOException {
    Path bad = model(PRUNED, new float[] {1, 3}, "bad");
    assertProblem("'a.bias' was not pruned, but differs from byte", bad, "--against", dense);
  }

  @Test
  void aTensorTooFewOrTooManyOrOfAnotherShape() throws IOException {
    Path few =
        new Model().put("a.weight", DType.F32, PRUNED, 2, 8).write(dir.resolve("few.safetensors"));
    assertProblem("'a.bias' is missing", few, "--against", dense);
    Path good = model(PRUNED, new float[] {1, 2}, "good");
    assertProblem("'a.bias' is not in the dense checkpoint", good, "--against", few);
    Path other =
        new Model()
            .put("a.weight", DType.F32, PRUNED, 4, 4)
            .put("a.bias", DType.F32, new float[] {1, 2}, 2)
            .write(dir.resolve("other.safetensors"));
    assertProblem("F32 [4, 4], in the dense checkpoint F32 [2, 8]", other, "--against", dense);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1:2", "1:4", "3:8"})
  void whatIsStoredAs24HasNoTighterPattern(String pattern) throws IOException {
    Path out = dir.resolve("out.safetensors");
    S24.good("prune", dense, out);
    assertProblem("is stored as sparse-24-bitmask, which is not", out, "--pattern", pattern);
    S24.good("check", out, "--pattern", "4:8");
  }

  @Test
  void aMaskOfThreeBitsAndACompressedValueOfAnotherBit() throws IOException {
    Path out = dir.resolve("out.safetensors");
    S24.good("prune", dense, out);
    byte[] bytes = Files.readAllBytes(out);
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int start = 8 + (int) data.getLong(0);
    // The bytes of the eight kept values come first, behind them the two of the mask.
    Files.write(dir.resolve("mask.safetensors"), flipped(bytes, start + 32, 0b100));
    assertProblem("row 0, columns 0..3: 3 bits, must be 2", dir.resolve("mask.safetensors"));
    Files.write(dir.resolve("value.safetensors"), flipped(bytes, start + 4 * 5, 1));
    S24.good("check", dir.resolve("value.safetensors"));
    assertProblem(
        "'a.weight': [1, 1] is kept", dir.resolve("value.safetensors"), "--against", dense);
  }

  private static byte[] flipped(byte[] bytes, int at, int bits) {
    byte[] copy = bytes.clone();
    copy[at] ^= (byte) bits;
    return copy;
  }

  @Test
  void aMatrixThatCanHaveNoPatternPointsAtExclude() throws IOException {
    Path odd =
        new Model()
            .put("a.weight", DType.F32, PRUNED, 2, 8)
            .normal("odd.weight", DType.F32, 2, 6)
            .write(dir.resolve("odd.safetensors"));
    assertProblem("--exclude 'odd\\.weight'", odd);
    S24.good("check", odd, "--exclude", "odd\\.weight");
  }

  @Test
  void nothingToCheckIsNotGood() {
    assertProblem("no weight to check: --include matches none", dense, "--include", "zzz");
  }

  @Test
  void peopleReadTheProblemsOnStandardOutput() {
    S24 run = S24.run("check", dense);
    assertEquals(Main.FAILED, run.status());
    List<String> lines = run.out().lines().toList();
    assertEquals("'a.weight': row 0, columns 0..3 have 4 non-zeros, not 2:4", lines.get(0));
    assertTrue(lines.get(1).endsWith("1 weight checked for 2:4, 1 tensor dense; 1 problem"));
  }
}
