package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.api.Op;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of shapes so small that measuring them takes no time; the fields are what counts. */
final class BenchTest {
  private static final List<String> FIELDS =
      List.of(
          "op",
          "backend",
          "kernel",
          "dtype",
          "x_dtype",
          "m",
          "n",
          "k",
          "ms",
          "gbps",
          "gflops",
          "max_rel_error",
          "peer",
          "peer_ms",
          "ratio");

  @TempDir Path dir = Path.of("");
  private Path shapes = Path.of("");

  @BeforeEach
  void tinyShapes() throws IOException {
    shapes = dir.resolve("shapes.txt");
    Files.writeString(shapes, "# name n k\ntiny 8 16\nodd  33 68  # rows of no round number\n");
  }

  private JsonNode bench(Object... options) {
    Object[] words =
        Arrays.copyOf(new Object[] {"bench", "--shapes", shapes, "--warm"}, 6 + options.length);
    words[4] = "--seconds";
    words[5] = "0.001";
    System.arraycopy(options, 0, words, 6, options.length);
    return S24.json(words);
  }

  @Test
  void tuningSaysWhereThereIsNothingToTune() {
    S24 run = S24.run("bench", "--tune", "--backend", "cpu");
    assertEquals(1, run.status());
    assertTrue(run.err().contains("backend cpu has no heuristics to tune; cuda has"), run.err());
    S24 both = S24.run("bench", "--tune", "--op", "spmm24");
    assertEquals(2, both.status());
    assertTrue(both.err().contains("--op: --tune has its own operations"), both.err());
  }

  @Test
  void trainingIsComparedAndReported() throws IOException {
    Path text = Files.writeString(dir.resolve("text.txt"), "int next = last + 1;\n".repeat(400));
    Path out = dir.resolve("slope.json");
    String[] words = {
      "bench",
      "--suite=slope",
      "--quick",
      "--backend=reference",
      "--data=" + text,
      "--steps=22",
      "--out=" + out
    };
    JsonNode report = S24.json((Object[]) words);
    assertEquals(5, report.get("runs").size());
    assertEquals("text.txt", report.get("training").get("data").asText());
    assertTrue(report.get("runs").get(0).get("milliseconds").get("weight_gradient").asDouble() > 0);
    Path readme =
        Files.writeString(
            dir.resolve("README.md"),
            "<!-- slope results: begin -->\n<!-- slope results: end -->\n");
    assertEquals(4, S24.json("report", out, "--readme", readme).get("files").size());
    assertTrue(Files.readString(dir.resolve("slope.md")).contains("| SLoPe + adapters"));
    assertTrue(Files.readString(readme).contains("| SLoPe + adapters"));
    assertTrue(Files.readString(dir.resolve("slope-loss.svg")).contains("<svg"));
  }

  @Test
  void qualityIsStudiedAndReported() throws IOException {
    Path text = Files.writeString(dir.resolve("text.txt"), "int next = last + 1;\n".repeat(400));
    Path out = dir.resolve("quality.json");
    String cache = System.setProperty("io.sparse24.cache", dir.resolve("cache").toString());
    try {
      JsonNode report =
          S24.json("bench", "--suite=quality", "--quick", "--data=" + text, "--out=" + out);
      assertEquals(2, report.get("studies").size());
      assertEquals(12, report.get("studies").get(0).get("cells").size());
      assertEquals(10, report.get("studies").get(1).get("cells").size());
      assertEquals(
          1, report.get("studies").get(1).get("cells").get(0).get("quality").asDouble(), 1e-5);
    } finally {
      if (cache == null) {
        System.clearProperty("io.sparse24.cache");
      } else {
        System.setProperty("io.sparse24.cache", cache);
      }
    }
    Path readme =
        Files.writeString(
            dir.resolve("README.md"),
            "<!-- quality results: begin -->\n<!-- quality results: end -->\n");
    assertEquals(2, S24.json("report", out, "--readme", readme).get("files").size());
    assertTrue(Files.readString(dir.resolve("quality.md")).contains("| sparsegpt + eora"));
    assertTrue(Files.readString(readme).contains("| sparsegpt + eora"));
  }

  @Test
  void optionsOfOneSuiteAreRefusedByOthers() {
    String[][] all = {
      {"--suite=cpu", "--layers", "--layers: is for suite slope"},
      {"--suite=gpu", "--steps=3", "--steps: is for suites slope and quality"},
      {"--suite=slope", "--time=3", "--time: is for suite gpu"},
      {"--suite=quick", "--decoders", "--decoders: is for suite slope"},
      {"--suite=cpu", "--quick", "--quick: is for suites gpu, slope and quality"},
      {"--suite=slope", "-m=3", "-m: suite slope has its own rows"},
      {"--suite=quality", "--layers", "--layers: is for suite slope"},
      {"--suite=quality", "--seconds=1", "--seconds: is for suites cpu, gpu and slope"},
      {"--suite=slope", "--steps=0", "--steps: is 0, must be at least 1"}
    };
    for (String[] each : all) {
      S24 run = S24.run("bench", each[0], each[1]);
      assertEquals(Main.USAGE, run.status());
      assertTrue(run.err().contains(each[2]), run.err());
    }
  }

  @Test
  void rowsHaveThePromisedFieldsAndTheRatioOfTheirTimes() {
    JsonNode report = bench("--op", "spmm24", "--dtype", "f32,bf16,f16", "-m", "1,3");
    assertEquals(List.of("machine", "rotated_bytes", "rows"), S24.fields(report));
    JsonNode rows = report.get("rows");
    assertEquals(2 * 3 * 2, rows.size());
    for (JsonNode row : rows) {
      assertEquals(FIELDS, S24.fields(row));
      assertEquals("spmm24", row.get("op").asText());
      assertEquals("gemm", row.get("peer").asText());
      double ms = row.get("ms").asDouble();
      assertTrue(ms > 0 && ms < 1000, row.toString());
      assertEquals(row.get("peer_ms").asDouble() / ms, row.get("ratio").asDouble(), 1e-9);
      double flops = 2.0 * row.get("m").asLong() * row.get("n").asLong() * row.get("k").asLong();
      assertEquals(flops / ms / 1e6, row.get("gflops").asDouble(), 1e-6);
      double allowed = row.get("dtype").asText().equals("F32") ? 1e-5 : 1e-2;
      assertTrue(row.get("max_rel_error").asDouble() <= allowed, row.toString());
    }
    assertEquals(Set.of("1", "3"), Set.copyOf(rows.findValuesAsText("m")));
  }

  @Test
  void everyOperationHasARowAndPruneIsPrune24() {
    Set<String> measured =
        StreamSupport.stream(bench("--dtype", "bf16", "-m", "1").get("rows").spliterator(), false)
            .map(row -> row.get("op").asText())
            .collect(Collectors.toSet());
    Set<String> all = Arrays.stream(Op.values()).map(Op::id).collect(Collectors.toSet());
    all.remove("gemm"); // measured as spmm24's peer
    assertEquals(all, measured);
    JsonNode rows = bench("--op", "prune,gemm", "--dtype", "f32", "-m", "1").get("rows");
    assertEquals(List.of("prune24", "prune24", "gemm", "gemm"), rows.findValuesAsText("op"));
    assertTrue(rows.get(0).get("peer").isNull() && rows.get(0).get("ratio").isNull());
  }

  @Test
  void allKernelsIsARowEach() {
    JsonNode rows =
        bench("--op", "spmm24", "--dtype", "f32", "-m", "1", "--all-kernels", "--backend", "auto")
            .get("rows");
    long kernels = rows.findValuesAsText("kernel").stream().distinct().count();
    assertEquals(rows.size(), 2 * kernels);
  }

  @Test
  void outIsTheSameJsonAsStandardOutput() throws IOException {
    Path out = dir.resolve("rows.json");
    JsonNode printed = bench("--op", "gemm", "--dtype", "f32", "-m", "1", "--out", out);
    assertEquals(printed, Json.MAPPER.readTree(out.toFile()));
  }

  @Test
  void peopleReadATable() {
    S24 run =
        S24.good(
            "bench",
            "--shapes",
            shapes,
            "--warm",
            "--seconds",
            "0.001",
            "--op",
            "spmm24",
            "--dtype",
            "f32",
            "-m",
            "1");
    List<String> lines = run.out().lines().toList();
    assertEquals(4, lines.size(), run.out());
    assertTrue(lines.get(1).matches("op +kernel +m +n +k +ms .*ratio"), lines.get(1));
    assertTrue(lines.get(2).matches("spmm24 +spmm24_f32_\\S+ +1 +8 +16 .*"), lines.get(2));
    assertEquals(2, run.errLines().size());
  }

  /** On a backend that is no GPU, whose rows are as good for this. */
  @Test
  void theSuiteOfTheGpuWritesWhatItPrintsAndIsReported() throws IOException {
    Path out = dir.resolve("gpu.json");
    JsonNode printed =
        S24.json("bench", "--suite", "gpu", "--quick", "--backend", "reference", "--out", out);
    assertEquals(printed, Json.MAPPER.readTree(out.toFile()));
    assertTrue(Files.notExists(dir.resolve("gpu.json.part")));
    assertTrue(printed.get("goals").size() > 0);
    S24.good("report", out);
    assertTrue(Files.readString(dir.resolve("gpu.md")).contains("no cuBLASLt here"));
  }

  private static boolean usable(String suffix) {
    for (JsonNode backend : S24.json("info").get("backends")) {
      for (JsonNode kernel : backend.get("kernels")) {
        if (kernel.get("name").asText().endsWith(suffix) && kernel.get("available").asBoolean()) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean measured(JsonNode row, String rival) {
    for (JsonNode one : row.get("rivals")) {
      if (one.get("name").asText().equals(rival)) {
        return !one.get("ms").isNull();
      }
    }
    return false;
  }

  /** The same, whatever the times there mean. */
  @Test
  void tunedHeuristicsAreAFileThatTheBackendTakes() throws IOException {
    assumeTrue(usable("_mma"));
    Path file = dir.resolve("sm_90.inc");
    JsonNode result =
        bench("--tune", "--backend", "cuda", "-m", "1,9", "--dtype", "bf16", "--out", file);
    assertTrue(result.get("settings").size() > 5, result.toString());
    String property = "io.sparse24.heuristics.cuda";
    System.setProperty(property, file.toString());
    try {
      bench("--backend", "cuda", "--op", "spmm24", "--dtype", "bf16", "-m", "1");
    } finally {
      System.clearProperty(property);
    }
  }

  /** On a GPU, or on the emulated one with what stands in for NVIDIA's libraries there. */
  @Test
  void nvidiasLibrariesAreRivalsWhereTheBackendHasTheirKernels() {
    assumeTrue(usable("_cublaslt") && usable("_cusparselt"));
    JsonNode report = S24.json("bench", "--suite", "gpu", "--quick", "--backend", "cuda");
    for (JsonNode row : report.get("rows")) {
      boolean product = !row.get("rivals").isEmpty();
      assertEquals(product, measured(row, "cuBLASLt"), row.toString());
      // It takes rows of X in multiples of 8, and says so.
      boolean whole = product && row.get("m").asInt() % 8 == 0;
      assertEquals(whole, measured(row, "cuSPARSELt"), row.toString());
    }
    JsonNode rows =
        bench("--backend", "cuda", "--op", "spmm24", "--dtype", "bf16", "-m", "8", "--all-kernels");
    assertTrue(
        StreamSupport.stream(rows.get("rows").spliterator(), false)
            .noneMatch(row -> row.get("kernel").asText().endsWith("_cusparselt")),
        "no shape here is one that it takes");
  }
}
