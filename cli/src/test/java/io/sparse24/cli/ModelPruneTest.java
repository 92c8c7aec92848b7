package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A decoder that was trained is pruned by a text, evaluated beside the dense one, and generates.
 */
final class ModelPruneTest {
  private static final String BACKEND = "--backend=reference";

  @TempDir static Path dir = Path.of("");

  private static Path text() {
    return dir.resolve("text.txt");
  }

  private static Path dense() {
    return dir.resolve("dense");
  }

  @BeforeAll
  static void train() throws IOException {
    Files.writeString(text(), "int next = last + 1;\n".repeat(200));
    S24.good(
        "train",
        "--preset=micro",
        "--method=dense",
        "--data",
        text(),
        "--out",
        dense(),
        "--steps=20",
        "--seq=32",
        BACKEND);
  }

  @ParameterizedTest
  @CsvSource({
    "wanda, 2:4",
    "magnitude, 2:4",
    "ria, 2:4",
    "gblm, 2:4",
    "pruner-zero, 2:4",
    "sparsegpt, 2:4",
    "admm, 50%",
    "random, 4:8"
  })
  void aModelIsPrunedAndStandsBesideTheDenseOne(String method, String pattern) {
    Path out = dir.resolve(method);
    JsonNode pruned =
        S24.json(
            "prune",
            dense(),
            out,
            "--method",
            method,
            "--pattern",
            pattern,
            "--calibration-text",
            text(),
            "--samples=4",
            BACKEND);
    boolean changes = method.equals("sparsegpt") || method.equals("admm");
    assertEquals(14, pruned.get("pruned").size());
    assertEquals(32, pruned.get("by_text").get("seq").asInt());
    for (JsonNode layer : pruned.get("pruned")) {
      assertTrue(layer.get("relative_error").asDouble() > 0, layer.toString());
      // What makes up for others grows.
      assertTrue(changes || layer.get("kept_energy").asDouble() < 1, layer.toString());
    }
    assertTrue(Files.exists(out.resolve("tokenizer.json")));
    if (pattern.equals("2:4")) {
      S24.good(
          changes
              ? new Object[] {"check", out}
              : new Object[] {"check", out, "--against", dense()});
    }
    JsonNode eval =
        S24.json("eval", out, "--text", text(), "--against", dense(), "--prefixes=3", BACKEND);
    assertTrue(
        eval.get("model").get("perplexity").asDouble()
            > eval.get("against").get("perplexity").asDouble());
    JsonNode beside = eval.get("beside");
    assertEquals(2, beside.get("block_errors").size());
    assertTrue(beside.get("block_errors").get(0).asDouble() > 0);
    assertEquals(3, beside.get("divergence").get("prefixes").asInt());
    assertEquals(16, beside.get("divergence").get("continuation").asInt());
    S24 said =
        S24.good("eval", out, "--text", text(), "--against", dense(), "--prefixes=3", BACKEND);
    assertTrue(said.out().contains("the first token that differs is number"), said.out());
    assertTrue(said.out().contains("outputs of blocks are off by"), said.out());
    S24.good("generate", out, "--prompt=int", "--tokens=4", BACKEND);
  }

  @Test
  void adaptersMakeUpForWhatIsLost() {
    double[] perplexities = new double[2];
    for (int i = 0; i < 2; i++) {
      Path out = dir.resolve("adapters-" + i);
      S24.good(
          Stream.concat(
                  Stream.of(
                      "prune",
                      dense(),
                      out,
                      "--method=sparsegpt",
                      "--calibration-text",
                      text(),
                      "--samples=4",
                      BACKEND),
                  i == 0 ? Stream.empty() : Stream.of("--compensate=eora", "--rank=8"))
              .toArray());
      JsonNode eval = S24.json("eval", out, "--text", text(), BACKEND);
      perplexities[i] = eval.get("model").get("perplexity").asDouble();
    }
    assertTrue(perplexities[1] < perplexities[0], perplexities[1] + " of " + perplexities[0]);
    S24 again =
        S24.run(
            "prune",
            dir.resolve("adapters-1"),
            dir.resolve("no"),
            "--exclude=lora",
            "--compensate=svd",
            "--calibration-text",
            text(),
            BACKEND);
    assertEquals(1, again.status(), again.err());
    assertTrue(again.err().contains("already"), again.err());
  }

  /** The sentence encoder of the demo, as a directory: pruned, compared. */
  @Test
  void anEncoderIsPrunedAndStandsBesideTheDenseOne() throws IOException {
    Path encoder = dir.resolve("encoder");
    S24.good("demo", "--model", encoder);
    Path text = dir.resolve("sentences.txt");
    Files.writeString(
        text,
        """
        The river froze early that year.
        Bread is baked before dawn.

        The committee will vote on Tuesday.
        A square has four equal sides.
        He could not find the key to the garden gate.
        """);
    double[] cosines = new double[2];
    for (int i = 0; i < 2; i++) {
      Path out = dir.resolve("encoder-" + i);
      JsonNode pruned =
          S24.json(
              "prune",
              encoder,
              out,
              "--method",
              i == 0 ? "random" : "wanda",
              "--calibration-text",
              text,
              "--include=layer\\.[0-5]\\.",
              "--exclude=layer.[1-5].");
      assertEquals(6, pruned.get("pruned").size());
      assertEquals(5, pruned.get("by_text").get("samples").asInt());
      S24.good("check", out, "--against", encoder);
      JsonNode eval = S24.json("eval", out, "--text", text, "--against", encoder);
      assertEquals(5, eval.get("sentences").asInt());
      assertEquals(6, eval.get("block_errors").size());
      assertEquals(6, eval.get("sparse_weights").asInt());
      cosines[i] = eval.get("cosine_mean").asDouble();
    }
    assertTrue(cosines[0] < cosines[1] && cosines[1] < 0.9999, cosines[0] + ", " + cosines[1]);
    S24 same = S24.good("eval", encoder, "--text", text, "--against", encoder);
    assertTrue(same.out().contains("cosine 1.0000 in the mean"), same.out());
    for (Object[] wrong :
        new Object[][] {
          {"eval", encoder, "--text", text},
          {"eval", encoder, "--text", text, "--against", dense()},
          {"generate", encoder, "--prompt=x"},
          {"prune", encoder, dir.resolve("no"), "--method=gblm", "--calibration-text", text},
          {
            "prune",
            encoder,
            dir.resolve("no"),
            "--method=wanda",
            "--calibration-text",
            text,
            "--seq=513"
          }
        }) {
      S24 run = S24.run(wrong);
      assertTrue(run.status() == 1 || run.status() == 2, run.err());
      assertEquals(1, run.errLines().size(), run.err());
    }
  }

  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void killedAtAnyMomentItGoesOnToTheSameBytes() throws Exception {
    long seed = Long.getLong("s24.seed", System.nanoTime());
    Random random = new Random(seed);
    Path whole = dir.resolve("whole");
    Path killed = dir.resolve("killed");
    S24.good((Object[]) longPrune(whole));
    Path log = dir.resolve("killed.log");
    for (int kill = 0; kill < 5 && !Files.exists(killed); kill++) {
      Process process = S24.child(log, longPrune(killed)).start();
      if (!process.waitFor(300 + random.nextInt(1500), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    }
    if (!Files.exists(killed)) {
      S24.good((Object[]) longPrune(killed));
    }
    try (Stream<Path> files = Files.list(whole)) {
      for (Path file : files.toList()) {
        Path other = killed.resolve(file.getFileName());
        assertEquals(-1, Files.mismatch(file, other), file + ", seed " + seed);
      }
    }
    assertFalse(Files.exists(dir.resolve("killed.pruning")));
  }

  private static String[] longPrune(Path out) {
    return new String[] {
      "prune",
      dense().toString(),
      out.toString(),
      "--method=wanda",
      "--calibration-text=" + text(),
      "--samples=64",
      BACKEND
    };
  }

  @Test
  void whatIsWrongIsSaidAndNothingIsLeft() throws IOException {
    Path out = dir.resolve("none");
    Path words = Files.writeString(dir.resolve("few.txt"), "too few");
    refused("has 7 tokens, a crop needs 32; name more text or a smaller --seq", out, words);
    refused("is a directory, must be a text", out, dir);
    refused("no-text.txt", out, dir.resolve("no-text.txt"));
    refused("--samples: is 0, must be at least 1", out, text(), "--samples=0");
    refused("is not pruned", out, text(), "--reorder", "--exclude=up_proj");
    refused("a score and an n:m pattern", out, text(), "--reorder", "--pattern=50%");
    refused("name one", out, text(), "--calibration=a.safetensors");
    S24 blind = S24.run("prune", dense(), out, "--method=pruner-zero");
    assertTrue(blind.err().contains("needs --calibration-text PATH, for gradients"), blind.err());
    refused("is no linear layer of a block", out, text(), "--include=lm_head|embed");
    Path bare = Files.createDirectory(dir.resolve("bare"));
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(dense().resolve(file), bare.resolve(file));
    }
    S24 run = S24.run("prune", bare, out, "--method=wanda", "--calibration-text", text(), BACKEND);
    assertEquals(1, run.status());
    assertTrue(run.err().contains("has no tokenizer.json"), run.err());
    assertFalse(Files.exists(out));
    assertFalse(Files.exists(dir.resolve("none.pruning")));
  }

  private static void refused(String message, Path out, Path text, String... more) {
    Object[] words = {"prune", dense(), out, "--method=wanda", "--calibration-text", text, BACKEND};
    Object[] all = new Object[words.length + more.length];
    System.arraycopy(words, 0, all, 0, words.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    S24 run = S24.run(all);
    assertTrue(run.status() != 0, message);
    assertTrue(run.err().contains(message), run.err());
    assertFalse(Files.exists(out));
  }
}
