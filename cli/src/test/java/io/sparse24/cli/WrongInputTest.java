package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What new users get wrong: one line that helps, the right status, and nothing left behind. */
final class WrongInputTest {
  @TempDir static Path dir = Path.of("");

  @BeforeAll
  static void files() throws IOException {
    Model model =
        new Model()
            .normal("a.weight", DType.F32, 8, 16)
            .normal("a.bias", DType.F32, 8)
            .normal("b.weight", DType.F32, 4, 32);
    Path good = model.write(dir.resolve("good.safetensors"));
    byte[] bytes = Files.readAllBytes(good);
    Files.write(dir.resolve("cut.safetensors"), Arrays.copyOf(bytes, bytes.length - 40));
    Files.write(dir.resolve("cut-header.safetensors"), Arrays.copyOf(bytes, 50));
    Files.createFile(dir.resolve("nothing.safetensors"));
    Files.writeString(dir.resolve("text.safetensors"), "Dear reader, this is a text file.\n");
    Files.createDirectory(dir.resolve("empty"));
    Files.createDirectory(dir.resolve("papers"));
    Files.writeString(dir.resolve("papers/readme.txt"), "no model here");
    new Model()
        .normal("a.weight", DType.F32, 8, 16)
        .normal("odd.weight", DType.F32, 4, 6)
        .write(dir.resolve("odd.safetensors"));
    new Model()
        .put("a.weight", DType.F32, new float[] {1, 2, Float.NaN, 4}, 1, 4)
        .write(dir.resolve("nan.safetensors"));
    new Model()
        .put("a.weight", DType.F32, new float[] {1, Float.POSITIVE_INFINITY, 3, 4}, 1, 4)
        .write(dir.resolve("inf.safetensors"));
    new Model().normal("a.bias", DType.F32, 8).write(dir.resolve("vectors.safetensors"));
    new Model().normal("q.weight", DType.BF16, 40, 64).write(dir.resolve("forty-rows.safetensors"));

    Path shards = model.writeShards(dir.resolve("lost-shard"));
    Files.delete(shards.resolve("shard-2.safetensors"));
    Files.writeString(
        model.writeShards(dir.resolve("bad-config")).resolve("config.json"), "{\"a\":\n oops");
    Files.writeString(
        model.writeShards(dir.resolve("bad-index")).resolve("model.safetensors.index.json"),
        "{\"weight_map\": 7}");
    Files.writeString(
        model.writeShards(dir.resolve("escape")).resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"a.weight\": \"../good.safetensors\"}}");

    float[] nan = new float[3 * 16];
    Arrays.fill(nan, 1);
    nan[2 * 16 + 5] = Float.NaN;
    new Model()
        .put("a.weight", DType.F32, nan, 3, 16)
        .normal("b.weight", DType.F32, 3, 32)
        .write(dir.resolve("cal-nan.safetensors"));
    new Model().normal("a.weight", DType.F32, 3, 16).write(dir.resolve("cal-lacks.safetensors"));
    new Model()
        .normal("a.weight", DType.F32, 3, 12)
        .normal("b.weight", DType.F32, 3, 32)
        .write(dir.resolve("cal-k.safetensors"));
    float[] negative = new float[16];
    negative[4] = -1;
    new Model()
        .put("a.weight", DType.F32, negative, 16)
        .normal("b.weight", DType.F32, 3, 32)
        .write(dir.resolve("cal-negative.safetensors"));
    S24.good("prune", good, dir.resolve("pruned"));

    Files.writeString(dir.resolve("broken.yaml"), "layers:\n  - match: 'x\n");
    Files.writeString(dir.resolve("empty.yaml"), "{}\n");
    Files.writeString(dir.resolve("word.yaml"), "layers:\n  - match: x\n    methods: wanda\n");
    Files.writeString(
        dir.resolve("method.yaml"), "layers: [{match: x, skip: true}, {match: y, method: x}]\n");

    Files.writeString(dir.resolve("two-words.txt"), "square 64\n");
    Files.writeString(dir.resolve("odd-k.txt"), "# a comment\nodd 3 5\n");
    Files.writeString(dir.resolve("comments.txt"), "# no shape\n");
    Files.writeString(dir.resolve("shapes.txt"), "tiny 8 16\n");
  }

  /** Words of the command line, {@code @} being the folder; then the status, and what helps. */
  static Stream<Arguments> rows() {
    Stream<Arguments> rows =
        Stream.of(
            // The words themselves.
            arguments("", 2, "a command is missing (see s24 --help)"),
            arguments("prun", 2, "did you mean 'prune'"),
            arguments("--colour", 2, "does not know '--colour'"),
            arguments("prune", 2, "'IN', 'OUT'"),
            arguments("prune @good.safetensors", 2, "'OUT'"),
            arguments("prune @good.safetensors @out more", 2, "does not know 'more'"),
            arguments("prune @good.safetensors @out --methd wanda", 2, "did you mean '--method'"),
            arguments("prune @good.safetensors @out --method", 2, "--method"),
            arguments("prune @good.safetensors @out --method obs", 2, "magnitude, wanda"),
            arguments("prune @good.safetensors @out --method wanda", 2, "--calibration FILE"),
            arguments("prune @good.safetensors @out --pattern 5:4", 2, "1 <= n <= m"),
            arguments("prune @good.safetensors @out --pattern 2:0", 2, "1 <= n <= m"),
            arguments("prune @good.safetensors @out --pattern 0:4", 2, "1 <= n <= m"),
            arguments("prune @good.safetensors @out --pattern 2/4", 2, "such as 2:4"),
            arguments("prune @good.safetensors @out --format zip", 2, "sparse-24-bitmask, torch"),
            arguments("prune @good.safetensors @out --format torch --pattern 1:2", 2, "2:4 only"),
            arguments("prune @good.safetensors @out --include [", 2, "no regular expression"),
            arguments("prune @good.safetensors @out --exclude a(", 2, "no regular expression"),
            arguments("prune @good.safetensors @out --backend gpu", 2, "reference] or auto"),
            arguments("prune @good.safetensors @out --threads -1", 2, "between 0 and 1024"),
            arguments("prune @good.safetensors @out --threads 100000", 2, "between 0 and 1024"),
            arguments("prune @good.safetensors @out --threads two", 2, "--threads"),
            arguments("check @pruned --pattern 24", 2, "such as 2:4"),
            arguments("info --backend cpu", 2, "does not know '--backend'"),
            arguments("demo --rounds 0", 2, "between 1 and 1000"),
            arguments("bench --op gemv", 2, "spmm24, gemm"),
            arguments("bench -m 0", 2, "between 1 and 2^20"),
            arguments("bench -m some", 2, "'some'"),
            arguments("bench --dtype I4", 2, "F32, BF16, F16, I8, F8_E4M3"),
            arguments("bench --dtype F8_E4M3 --x-dtype I8 --op spmm24", 1, "no kernel for"),
            arguments("bench --suite all", 2, "cpu, gpu, slope, quality, quick"),
            arguments("bench --suite gpu -m 1", 2, "-m: suite gpu has its own rows"),
            arguments("bench --suite gpu --time 0", 2, "--time: is 0.0, must be more than 0"),
            arguments("bench --suite gpu --backend nowhere", 1, "backend: is 'nowhere'"),
            arguments(
                "bench --suite cpu --quick", 2, "--quick: is for suites gpu, slope and quality"),
            arguments("bench --time 3", 2, "--time: is for suite gpu"),
            arguments("bench --suite cpu --op gemm", 2, "--op: suite cpu has its own rows"),
            arguments("bench --suite cpu -m 1", 2, "-m: suite cpu has its own rows"),
            arguments("bench --suite cpu --seconds 0", 2, "more than 0"),
            arguments("report", 2, "'RESULT'"),
            arguments("bench --seconds 0", 2, "more than 0"),
            arguments("bench --seconds NaN", 2, "more than 0"),
            // Inputs that are not there, or no models.
            arguments("inspect @absent", 1, "absent: no such file or directory"),
            arguments("check @absent", 1, "absent: no such file or directory"),
            arguments("check @pruned --against @absent", 1, "absent: no such file or directory"),
            arguments("prune @absent @out", 1, "absent: no such file or directory"),
            arguments("decompress @absent @out", 1, "absent: no such file or directory"),
            arguments("inspect @text.safetensors", 1, "text.safetensors: is no safetensors file"),
            arguments("prune @text.safetensors @out", 1, "is no safetensors file"),
            arguments("inspect @nothing.safetensors", 1, "has 0 bytes"),
            arguments("inspect @cut.safetensors", 1, "(truncated?)"),
            arguments("prune @cut-header.safetensors @out", 1, "(truncated?)"),
            arguments("inspect @empty", 1, "no other .safetensors file"),
            arguments("prune @papers @out", 1, "no other .safetensors file"),
            arguments("prune @lost-shard @out", 1, "shard 'shard-2.safetensors' is missing"),
            arguments("inspect @bad-config", 1, "config.json: is no good JSON"),
            arguments("inspect @bad-index", 1, "has no object 'weight_map'"),
            arguments("inspect @escape", 1, "not in the same directory"),
            // Weights that can't be pruned.
            arguments("prune @odd.safetensors @out", 1, "--exclude 'odd\\.weight'"),
            arguments("prune @good.safetensors @out --pattern 7:64", 1, "not a multiple of 64"),
            arguments("prune @nan.safetensors @out", 1, "'a.weight': w[0, 2] is NaN"),
            arguments("prune @inf.safetensors @out", 1, "'a.weight': w[0, 1] is Inf"),
            arguments("prune @vectors.safetensors @out", 1, "no weight to prune"),
            arguments("prune @good.safetensors @out --include zzz", 1, "--include matches"),
            arguments("prune @pruned @out", 1, "run 's24 decompress' first"),
            arguments("decompress @good.safetensors @out", 1, "no compressed weight"),
            arguments("prune @good.safetensors @out --format torch", 1, "sparse-24-bitmask"),
            arguments("prune @forty-rows.safetensors @out --format torch", 1, "multiple of 32"),
            // Calibration.
            arguments(wanda("absent.safetensors"), 1, "no such file or directory"),
            arguments(wanda("text.safetensors"), 1, "text.safetensors: is no safetensors file"),
            arguments(wanda("cal-lacks.safetensors"), 1, "has no tensor 'b.weight'"),
            arguments(wanda("cal-k.safetensors"), 1, "must be [tokens, 16] or [16]"),
            arguments(wanda("cal-nan.safetensors"), 1, "tensor 'a.weight': x[2, 5] is NaN"),
            arguments(wanda("cal-negative.safetensors"), 1, "[4] is -1.0"),
            arguments("prune @good.safetensors @out --method moe-pruner", 2, "have no router"),
            arguments("prune @good.safetensors @out --method admm", 2, "--calibration FILE"),
            arguments("prune @good.safetensors @out --pattern 0%", 2, "or 1% to 99%"),
            arguments("prune @good.safetensors @out --rank 0", 2, "--rank: is 0"),
            arguments("prune @good.safetensors @out --compensate x", 2, "must be svd or eora"),
            arguments("prune @good.safetensors @out --compensate svd", 2, "--calibration-text"),
            arguments("prune @good.safetensors @out --recipe @nowhere", 1, "nowhere"),
            arguments(
                "prune @good.safetensors @out --recipe @broken.yaml", 1, "broken.yaml: line 2: "),
            arguments("prune @good.safetensors @out --recipe @empty.yaml", 1, "has no 'layers'"),
            arguments("prune @good.safetensors @out --recipe @word.yaml", 1, "methods"),
            arguments(
                "prune @good.safetensors @out --recipe @method.yaml", 1, "rule 2: method: is 'x'"),
            arguments(
                "prune @good.safetensors @out --method moe-pruner --calibration"
                    + " @cal-nan.safetensors",
                1,
                "tensor 'a.weight.router' is missing, must be ["),
            // Where the result should go.
            arguments("prune @good.safetensors @pruned", 1, "exists already, name a new one"),
            arguments("prune @good.safetensors @good.safetensors", 1, "exists already"),
            arguments("prune @good.safetensors @no/such/out", 1, "make it first"),
            arguments("prune @good.safetensors @good.safetensors/out", 1, "make it first"),
            arguments("decompress @pruned @pruned", 1, "exists already, name a new one"),
            arguments("decompress @pruned @no/such/out", 1, "make it first"),
            arguments("demo --out @pruned", 1, "exists already, name a new one"),
            arguments("demo --out @no/such/out", 1, "make it first"),
            arguments("bench --out @no/such/rows.json", 1, "make it first"),
            arguments("bench --out @empty", 1, "is a directory"),
            // Training.
            arguments("train", 2, "'--out=DIR'"),
            arguments("train --out @out --data @absent", 1, "absent: no such file or directory"),
            arguments("train --out @out --data @nothing.safetensors", 1, "has no text"),
            arguments("train --out @out --data @empty", 1, "has no text"),
            arguments("train --out @out --data @papers", 1, "a sequence needs 129"),
            arguments("train --out @out --data @shapes.txt --seq 64", 1, "a smaller --seq"),
            arguments("train --out @pruned --data @shapes.txt", 1, "exists already"),
            arguments("train --out @no/such/out --data @shapes.txt", 1, "make it first"),
            arguments("train --out @absent --resume", 1, "absent: no such file or directory"),
            arguments("train --out @pruned --resume", 1, "is no folder of a training run"),
            arguments("train --out @out --method sgd", 2, "dense, slope, sr-ste"),
            arguments("train --out @out --preset huge", 2, "micro, tiny, small, medium"),
            arguments("train --out @out --steps 0", 2, "--steps: is 0, must be at least 1"),
            arguments("train --out @out --lr 0", 2, "--lr: is 0.0, must be greater than 0"),
            arguments("train --out @out --batch 3 --micro-batches 2", 2, "must divide"),
            arguments("train --out @out --adapters 4 --method dense", 2, "of method slope"),
            arguments("train --out @out --adapters 4 --pattern 1:2", 2, "with pattern 2:4"),
            arguments("train --out @out --mask some", 2, "random or magnitude"),
            arguments("train --out @out --dtype I8", 2, "must be F32 or BF16"),
            arguments("train --out @out --dense [", 2, "no regular expression"),
            arguments("train --out @out --format torch", 2, "dense or sparse-24-bitmask"),
            arguments("train --out @out --checkpoint-every 0", 2, "must be at least 1"),
            arguments("train --out @out --data @papers --backend nowhere", 2, "'nowhere'"),
            // Language models.
            arguments("generate @pruned", 2, "'--prompt=TEXT'"),
            arguments("generate @absent --prompt a", 1, "absent: no such file or directory"),
            arguments("generate @pruned --prompt a", 1, "has no tokenizer.json"),
            arguments("generate @pruned --prompt a --top-p 0", 2, "--top-p: is 0.0"),
            arguments("generate @pruned --prompt a --temperature 0", 2, "--temperature: is 0.0"),
            arguments("generate @pruned --prompt a --tokens -1", 2, "must be at least 0"),
            arguments("eval @pruned", 2, "'--text=PATH'"),
            arguments("eval @pruned --text @absent", 1, "absent: no such file or directory"),
            arguments("eval @pruned --text @empty", 1, "is a directory, must be a text"),
            arguments("eval @absent --text @shapes.txt", 1, "absent: no such file or directory"),
            arguments("eval @pruned --text @shapes.txt", 1, "architectures: is ''"),
            arguments("eval @pruned --text @shapes.txt --seq 1", 2, "must be at least 2"),
            // Results.
            arguments("report @absent", 1, "absent: no such file or directory"),
            arguments("report @shapes.txt", 1, "is no result of 's24 bench --suite cpu'"),
            arguments("report @bad-config/config.json", 1, "is no result of"),
            // Shapes.
            arguments("bench --shapes @absent", 1, "absent: no such file or directory"),
            arguments("bench --shapes @good.safetensors", 1, "lines 'name n k'"),
            arguments("bench --shapes @empty", 1, "lines 'name n k'"),
            arguments("bench --shapes @two-words.txt", 1, "line 1: 'square 64'"),
            arguments("bench --shapes @odd-k.txt", 1, "line 2: 'odd 3 5'"),
            arguments("bench --shapes @comments.txt", 1, "has no line 'name n k'"));
    Stream<Arguments> withoutGpu =
        Stream.of(
            arguments("prune @good.safetensors @out --backend cuda", 1, "--backend auto"),
            arguments("bench --shapes @shapes.txt --backend cuda", 1, "--backend auto"),
            arguments("demo --backend cuda", 1, "--backend auto"));
    return hasGpu() ? rows : Stream.concat(rows, withoutGpu);
  }

  private static String wanda(String calibration) {
    return "prune @good.safetensors @out --method wanda --calibration @" + calibration;
  }

  private static boolean hasGpu() {
    try (Session session = Backends.open("cuda")) {
      return session.info().backend().equals("cuda");
    } catch (Sparse24Exception e) {
      return false;
    }
  }

  @ParameterizedTest(name = "s24 {0}")
  @MethodSource("rows")
  void oneLineThatHelps(String words, int status, String helps) throws IOException {
    List<String> plain =
        words.isEmpty() ? List.of() : List.of(words.replace("@", dir + "/").split(" "));
    List<String> json = Stream.concat(plain.stream(), Stream.of("--json")).toList();
    List<Path> before = everything();
    for (List<String> args : plain.isEmpty() ? List.of(plain) : List.of(plain, json)) {
      S24 result = S24.run(args.toArray());
      assertEquals(1, result.errLines().size(), result.err());
      assertTrue(result.err().contains(helps), result.err());
      assertTrue(result.err().startsWith("s24"), result.err());
      assertEquals("", result.out());
      assertEquals(status, result.status(), result.err());
    }
    assertEquals(before, everything(), "something was left behind");
  }

  private static List<Path> everything() throws IOException {
    try (Stream<Path> walk = Files.walk(dir)) {
      return walk.sorted().toList();
    }
  }

  @Test
  void anEmptyPathIsAnUnsetVariableNotThisDirectory() {
    S24 result = S24.run("inspect", "");
    assertEquals(Main.USAGE, result.status());
    assertTrue(result.err().contains("is empty, must be a path"), result.err());
  }

  @Test
  void aDefectIsToldAsOne() {
    StackTraceElement[] none = {};
    RuntimeException defect = new ArrayIndexOutOfBoundsException("7");
    defect.setStackTrace(none);
    java.io.StringWriter err = new java.io.StringWriter();
    picocli.CommandLine line = new picocli.CommandLine(new Main());
    line.setErr(new java.io.PrintWriter(err, true));
    assertEquals(Main.FAILED, Errors.failed(defect, line, line.parseArgs()));
    assertTrue(err.toString().contains("a defect of s24, please report it"), err.toString());
  }
}
