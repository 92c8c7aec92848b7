package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.api.DType;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Prune, check, decompress, check, on checkpoints made here and selections computed here. */
final class PruneTest {
  @TempDir Path dir = Path.of("");

  static Stream<Arguments> roundTrips() {
    Stream.Builder<Arguments> rows = Stream.builder();
    for (String backend : backends()) {
      for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
        rows.add(arguments(backend, dtype, "2:4", "sparse-24-bitmask"));
        rows.add(arguments(backend, dtype, "2:4", "dense"));
        for (String pattern : List.of("1:2", "4:8", "1:4", "3:16")) {
          rows.add(arguments(backend, dtype, pattern, "dense"));
        }
        if (dtype != DType.F32) {
          rows.add(arguments(backend, dtype, "2:4", "torch"));
        }
      }
    }
    return rows.build();
  }

  static List<String> backends() {
    return Boolean.getBoolean("s24.native.skip")
        ? List.of("reference")
        : List.of("reference", "cpu");
  }

  @ParameterizedTest
  @MethodSource("roundTrips")
  void backToDenseWithTheLargestOfEachGroupAndNothingElseChanged(
      String backend, DType dtype, String pattern, String format) throws IOException {
    Model model =
        new Model()
            .normal("q.weight", dtype, 64, 128)
            .normal("q.bias", dtype, 64)
            .normal("projection", dtype, 32, 64);
    Path in = model.write(dir.resolve("in.safetensors"));
    byte[] before = Files.readAllBytes(in);
    Path out = dir.resolve("out");

    JsonNode pruned =
        S24.json("prune", in, out, "--pattern", pattern, "--format", format, "--backend", backend);
    assertEquals(format, pruned.get("format").asText());
    S24.good("check", out, "--pattern", pattern, "--against", in);

    Path dense = out;
    if (!format.equals("dense")) {
      dense = dir.resolve("dense.safetensors");
      JsonNode result = S24.json("decompress", out, dense, "--backend", backend);
      assertEquals(2, result.get("decompressed").asInt());
      S24.good("check", dense, "--against", in);
    }
    int keep = Integer.parseInt(pattern.split(":")[0]);
    int of = Integer.parseInt(pattern.split(":")[1]);
    assertArrayEquals(
        model.select("q.weight", Model.ones(128), keep, of), Model.read(dense, "q.weight"));
    assertArrayEquals(
        model.select("projection", Model.ones(64), keep, of), Model.read(dense, "projection"));
    assertArrayEquals(model.bits("q.bias"), Model.read(dense, "q.bias"));
    assertArrayEquals(before, Files.readAllBytes(in), "the input was changed");
    try (Stream<Path> left = Files.list(dir)) {
      assertFalse(left.anyMatch(path -> path.toString().endsWith(".part")));
    }
  }

  @Test
  void wandaSelectsByBothFormsOfCalibrationAsTheFormulaDoes() throws IOException {
    int k = 64;
    int tokens = 37;
    Model model =
        new Model().normal("a.weight", DType.F32, 24, k).normal("b.weight", DType.BF16, 40, k);
    Model inputs =
        new Model()
            .normal("a.weight", DType.F32, tokens, k)
            .normal("b.weight", DType.F32, tokens, k);
    Model norms = new Model();
    for (String name : List.of("a.weight", "b.weight")) {
      float[] x = inputs.floats(name);
      double[] squares = new double[k];
      for (int i = 0; i < x.length; i++) {
        // Columns of very different size, or Wanda would select as magnitude does.
        x[i] *= 1 + i % k % 5;
        squares[i % k] += (double) x[i] * x[i];
      }
      float[] l2 = new float[k];
      for (int j = 0; j < k; j++) {
        l2[j] = (float) Math.sqrt(squares[j]);
      }
      inputs.put(name, DType.F32, x, tokens, k);
      norms.put(name, DType.F32, l2, k);
    }
    Path in = model.write(dir.resolve("in.safetensors"));
    Path rows = inputs.write(dir.resolve("rows.safetensors"));
    Path lengths = norms.write(dir.resolve("lengths.safetensors"));
    for (Path calibration : List.of(rows, lengths)) {
      for (String pattern : List.of("2:4", "4:8")) {
        Path out = dir.resolve("out-" + calibration.getFileName() + pattern.replace(':', '-'));
        S24.good(
            "prune",
            in,
            out,
            "--method",
            "wanda",
            "--calibration",
            calibration,
            "--format",
            "dense",
            "--pattern",
            pattern);
        int keep = Integer.parseInt(pattern.split(":")[0]);
        for (String name : List.of("a.weight", "b.weight")) {
          double[] l2 = new double[k];
          Arrays.setAll(l2, j -> norms.floats(name)[j]);
          int[] expected = model.select(name, l2, keep, 2 * keep);
          assertArrayEquals(expected, Model.read(out, name), calibration + " " + name);
          assertFalse(
              Arrays.equals(expected, model.select(name, Model.ones(k), keep, 2 * keep)),
              "this calibration would not show a wrong score");
        }
      }
    }
  }

  @Test
  void anExpertIsPrunedByWhatItsRouterSentIt() throws IOException {
    int k = 64;
    int tokens = 37;
    Model model = new Model().normal("a.weight", DType.F32, 24, k);
    Model inputs =
        new Model()
            .normal("a.weight", DType.F32, tokens, k)
            .normal("a.weight.router", DType.F32, tokens);
    float[] x = inputs.floats("a.weight");
    float[] router = inputs.floats("a.weight.router");
    double[] squares = new double[k];
    for (int i = 0; i < x.length; i++) {
      // Columns of very different size in tokens that others got.
      x[i] *= i / k % 2 == 0 ? 1 + i % k % 5 : 6 - i % k % 5;
      router[i / k] = i / k % 2 == 0 ? router[i / k] : 0;
      squares[i % k] += Math.pow((double) router[i / k] * x[i], 2);
    }
    inputs.put("a.weight", DType.F32, x, tokens, k);
    inputs.put("a.weight.router", DType.F32, router, tokens);
    Path in = model.write(dir.resolve("in.safetensors"));
    Path calibration = inputs.write(dir.resolve("routed.safetensors"));
    double[] l2 = Arrays.stream(squares).map(Math::sqrt).toArray();
    int[] expected = model.select("a.weight", l2, 2, 4);
    for (String method : List.of("moe-pruner", "wanda")) {
      Path out = dir.resolve("out-" + method);
      S24.good(
          "prune", in, out, "--method", method, "--calibration", calibration, "--format", "dense");
      boolean same = Arrays.equals(expected, Model.read(out, "a.weight"));
      assertEquals(method.equals("moe-pruner"), same, method);
    }
  }

  @Test
  void aRecipeHasTheLastWordOnSingleLayers() throws IOException {
    Model model = new Model();
    for (String name : List.of("h.0.q.weight", "h.0.k.weight", "h.1.q.weight", "h.1.k.weight")) {
      model.normal(name, DType.F32, 8, 16);
    }
    Path in = model.write(dir.resolve("in.safetensors"));
    Path recipe = dir.resolve("recipe.yaml");
    Files.writeString(
        recipe,
        """
        # the first layers are the ones that matter
        layers:
          - match: 'h\\.0\\.q'
            skip: true
          - match: 'h\\.0'
            pattern: '4:8'
            method: random
          - match: 'h\\.1\\.k'
            pattern: 25%
        """);
    Path out = dir.resolve("out");
    JsonNode result = S24.json("prune", in, out, "--recipe", recipe);
    assertEquals(
        List.of(
            "h.0.k.weight random 4:8 dense",
            "h.1.q.weight magnitude 2:4 sparse-24-bitmask",
            "h.1.k.weight magnitude 25% dense"),
        Stream.iterate(0, i -> i + 1)
            .limit(3)
            .map(i -> result.get("pruned").get(i))
            .map(layer -> layer.get("name").asText() + " " + layer.get("plan").asText())
            .toList());
    assertEquals(1, result.get("untouched").asInt());
    assertEquals(
        96, Arrays.stream(Model.read(out, "h.1.k.weight")).filter(bits -> bits != 0).count());
    assertArrayEquals(Model.read(in, "h.0.q.weight"), Model.read(out, "h.0.q.weight"));
  }

  @Test
  void anUpdateByInputsOfAFileKeepsOutputsNearer() throws IOException {
    int k = 32;
    int tokens = 96;
    Model model = new Model().normal("a.weight", DType.F32, 24, k);
    Model inputs = new Model().normal("a.weight", DType.F32, tokens, k);
    float[] x = inputs.floats("a.weight");
    for (int i = 0; i < x.length; i++) {
      x[i] += 3 * x[i / k * k] + 2 * x[i / k * k + 1]; // they depend on each other
    }
    Path in = model.write(dir.resolve("in.safetensors"));
    Path calibration =
        inputs.put("a.weight", DType.F32, x, tokens, k).write(dir.resolve("x.safetensors"));
    Map<String, Double> errors = new LinkedHashMap<>();
    for (String method : List.of("wanda", "sparsegpt", "admm")) {
      Path out = dir.resolve(method);
      S24.good("prune", in, out, "--method", method, "--calibration", calibration);
      S24.good("check", out);
      Path back = dir.resolve(method + "-dense");
      S24.good("decompress", out, back);
      float[] w = model.floats("a.weight");
      int[] pruned = Model.read(back, "a.weight");
      double sum = 0;
      for (int t = 0; t < tokens; t++) {
        for (int i = 0; i < 24; i++) {
          double y = 0;
          for (int j = 0; j < k; j++) {
            y += (double) x[t * k + j] * (w[i * k + j] - Float.intBitsToFloat(pruned[i * k + j]));
          }
          sum += y * y;
        }
      }
      errors.put(method, Math.sqrt(sum));
    }
    List<Double> all = List.copyOf(errors.values());
    assertTrue(all.get(1) < all.get(0) && all.get(2) < all.get(0), errors.toString());
  }

  @Test
  void ofEqualsTheLowerIndexStaysAndMinusZeroIsZero() throws IOException {
    float[] w = {1, -1, 1, -1, -0f, 0, 0, 5, 3, 3, 2, 3};
    Path in = new Model().put("a.weight", DType.F32, w, 1, 12).write(dir.resolve("a.safetensors"));
    Path out = dir.resolve("out.safetensors");
    S24.good("prune", in, out, "--format", "dense");
    int[] bits = Model.read(out, "a.weight");
    float[] kept = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      kept[i] = Float.intBitsToFloat(bits[i]);
    }
    assertArrayEquals(new float[] {1, -1, 0, 0, -0f, 0, 0, 5, 3, 3, 0, 0}, kept);
  }

  @Test
  void includeAndExcludeChooseAndWithoutThemEmbeddingsAndHeadsStayDense() throws IOException {
    Model model = new Model();
    for (String name :
        List.of(
            "model.embed_tokens.weight",
            "h.0.q.weight",
            "h.0.k.weight",
            "h.1.q.weight",
            "wte.weight",
            "lm_head.weight")) {
      model.normal(name, DType.F32, 4, 8);
    }
    Path in = model.normal("norm.weight", DType.F32, 8).write(dir.resolve("in.safetensors"));
    assertEquals(List.of("h.0.q.weight", "h.0.k.weight", "h.1.q.weight"), names(in, "1"));
    assertEquals(List.of("h.0.q.weight", "h.1.q.weight"), names(in, "2", "--exclude", "\\.k\\."));
    assertEquals(List.of("lm_head.weight"), names(in, "3", "--include", "^lm_head"));
    assertEquals(
        List.of("h.0.q.weight"), names(in, "4", "--include", "h\\.0", "--exclude", "k\\.w"));
  }

  private List<String> names(Path in, String out, Object... options) throws IOException {
    Object[] words =
        Stream.concat(Stream.of("prune", in, dir.resolve(out)), Arrays.stream(options)).toArray();
    JsonNode result = S24.json(words);
    List<String> names = result.get("pruned").findValuesAsText("name");
    assertEquals(7 - names.size(), result.get("untouched").asInt());
    JsonNode tensors = S24.json("inspect", dir.resolve(out)).get("tensors");
    for (JsonNode tensor : tensors) {
      assertEquals(
          names.contains(tensor.get("name").asText()) ? "sparse-24-bitmask" : "dense",
          tensor.get("format").asText());
    }
    S24.good("check", dir.resolve(out), "--against", in);
    return names;
  }

  @Test
  void jsonHasTheseFields() throws IOException {
    Path in = new Model().normal("a.weight", DType.F32, 4, 8).write(dir.resolve("in.safetensors"));
    JsonNode pruned = S24.json("prune", in, dir.resolve("out"));
    assertEquals(
        List.of(
            "in",
            "out",
            "method",
            "pattern",
            "format",
            "backend",
            "pruned",
            "untouched",
            "bytes_in",
            "bytes_out",
            "seconds"),
        S24.fields(pruned));
    assertEquals(
        List.of("name", "plan", "dtype", "shape", "bytes", "stored_bytes", "ms"),
        S24.fields(pruned.get("pruned").get(0)));
    assertEquals(4 * 8 * 4, pruned.get("bytes_in").asLong());
    assertEquals(4 * 4 * 4 + 4 + 16, pruned.get("bytes_out").asLong());
    assertEquals(
        List.of("in", "out", "backend", "decompressed", "untouched", "bytes_in", "bytes_out"),
        S24.fields(S24.json("decompress", dir.resolve("out"), dir.resolve("back"))));
  }

  @Test
  void aDirectoryKeepsItsConfigAndItsOtherFiles() throws IOException {
    Path in =
        new Model()
            .normal("a.weight", DType.F32, 4, 8)
            .normal("b.weight", DType.F32, 4, 8)
            .writeShards(dir.resolve("in"));
    Files.writeString(in.resolve("config.json"), "{\"model_type\":\"toy\"}");
    Files.writeString(in.resolve("tokenizer.json"), "{}");
    Path out = dir.resolve("out");
    S24.good("prune", in, out);
    JsonNode config = Json.MAPPER.readTree(out.resolve("config.json").toFile());
    assertEquals("toy", config.get("model_type").asText());
    assertEquals(
        "sparse-24-bitmask", config.at("/quantization_config/sparsity_config/format").asText());
    assertEquals("{}", Files.readString(out.resolve("tokenizer.json")));
    Path back = dir.resolve("back");
    S24.good("decompress", out, back);
    assertEquals(
        "{\"model_type\":\"toy\"}",
        Json.MAPPER.readTree(back.resolve("config.json").toFile()).toString());
    S24.good("check", back, "--against", in);
  }

  @Test
  void peopleReadOneLineOfResultOnStandardOutputAndProgressOnStandardError() throws IOException {
    Path in =
        new Model()
            .normal("a.weight", DType.F32, 4, 8)
            .normal("b.weight", DType.F32, 4, 8)
            .write(dir.resolve("in.safetensors"));
    Path out = dir.resolve("out");
    S24 run = S24.good("prune", in, out);
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size(), run.out());
    assertTrue(lines.get(0).startsWith("2 weights pruned to 2:4 by magnitude"), run.out());
    assertTrue(lines.get(0).contains("256 -> 168 bytes (65.6 %)"), run.out());
    assertEquals(out.toString(), lines.get(1));
    assertEquals(List.of("prune: 50 % (a.weight)", "prune: 100 % (b.weight)"), run.errLines());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void nonFiniteValuesAreLetThroughOnRequest(String backend) throws IOException {
    float inf = Float.POSITIVE_INFINITY;
    float[] w = {1, Float.NaN, 2, 0, -inf, 1, 2, inf, Float.NaN, Float.NaN, Float.NaN, 1};
    Path in = new Model().put("a.weight", DType.F32, w, 1, 12).write(dir.resolve("a.safetensors"));
    S24 refused = S24.run("prune", in, dir.resolve("no"), "--backend", backend);
    assertEquals(Main.FAILED, refused.status());
    assertTrue(refused.err().contains("let it through with --allow-non-finite"), refused.err());
    float[] expected = {1, 0, 2, 0, -inf, 0, 0, inf, Float.NaN, 0, 0, 1};
    for (String pattern : List.of("2:4", "1:2")) {
      Path out = dir.resolve(pattern.replace(':', '-'));
      S24.good(
          "prune",
          in,
          out,
          "--allow-non-finite",
          "--format",
          "dense",
          "--pattern",
          pattern,
          "--backend",
          backend);
      int[] bits = Model.read(out, "a.weight");
      float[] kept = new float[bits.length];
      for (int i = 0; i < bits.length; i++) {
        kept[i] = Float.intBitsToFloat(bits[i]);
      }
      assertArrayEquals(expected, kept, pattern);
      S24.good("check", out, "--against", in, "--pattern", pattern);
    }
  }

  @Test
  void calibrationForMagnitudeIsSaidToBeOfNoUse() throws IOException {
    Path in = new Model().normal("a.weight", DType.F32, 4, 8).write(dir.resolve("in.safetensors"));
    S24 run = S24.good("prune", in, dir.resolve("out"), "--calibration", dir.resolve("absent"));
    assertTrue(run.err().contains("magnitude needs no --calibration"), run.err());
  }

  @Test
  void whatIsInterruptedLeavesNothing() throws Exception {
    Model model = new Model();
    for (int i = 0; i < 11; i++) {
      model.normal("layer." + i + ".weight", DType.F32, 512, 512);
    }
    Path in = model.write(dir.resolve("in.safetensors"));
    for (String out : List.of("out", "out.safetensors")) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Main.class.getName(),
                  "prune",
                  in.toString(),
                  dir.resolve(out).toString(),
                  "--backend",
                  "reference")
              .start();
      try (BufferedReader err = process.errorReader()) {
        assertEquals("prune: 10 % (layer.1.weight)", err.readLine());
        process.destroy(); // as Ctrl-C does, it runs the shutdown hooks
        process.waitFor();
      }
      assertFalse(process.exitValue() == 0, "it was done before it could be interrupted");
      try (Stream<Path> left = Files.list(dir)) {
        assertEquals(List.of(in), left.toList());
      }
    }
  }
}
