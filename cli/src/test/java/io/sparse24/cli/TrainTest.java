package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trains, goes on, generates and evaluates, on the backend that needs no natives. */
final class TrainTest {
  private static final String BACKEND = "--backend=reference";

  @TempDir static Path dir = Path.of("");

  @BeforeAll
  static void text() throws IOException {
    Files.writeString(dir.resolve("text.txt"), "int next = last + 1;\n".repeat(200));
  }

  private static Object[] train(Path out, Object... more) {
    List<Object> words =
        new ArrayList<>(
            List.of("train", "--preset=micro", "--data", dir.resolve("text.txt"), "--out", out));
    words.add(BACKEND);
    words.addAll(Arrays.asList(more));
    return words.toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "slope, sparse-24-bitmask, 11",
    "slope, dense, 0",
    "sr-ste, sparse-24-bitmask, 11",
    "dense, dense, 0"
  })
  void trainedModelsAreChecked(String method, String format, int sparse) throws IOException {
    Path out = dir.resolve(method + "-" + format);
    JsonNode result =
        S24.json(train(out, "--method", method, "--format", format, "--steps=12", "--seq=16"));
    assertTrue(result.get("finished").asBoolean());
    assertEquals(12, result.get("step").asInt());
    assertTrue(result.get("loss").asDouble() < result.get("first_loss").asDouble());
    double share =
        result.get("memory").get("bytes").asDouble()
            / result.get("dense_memory").get("bytes").asDouble();
    assertEquals(method.equals("slope"), share < 0.9, () -> "memory " + share);
    assertTrue(Files.readString(out.resolve("loss.svg")).contains("<svg"));
    try (Stream<String> lines = Files.lines(out.resolve("log.jsonl"))) {
      assertEquals(12, lines.count());
    }
    // A dense file with 2:4 weights has dense layers beside them, which must be left out.
    if (!method.equals("dense")) {
      String dense = "layers\\.0\\.self_attn\\.[qkv]_proj|norm";
      S24.good("check", out, "--exclude", dense);
    }

    JsonNode said = S24.json("generate", out, "--prompt", "int ", "--tokens=8", BACKEND);
    assertEquals(sparse, said.get("sparse_weights").asInt());
    assertEquals("int " + said.get("text").asText() + "\n", greedy(out));
    if (format.equals("dense") && method.equals("slope")) {
      JsonNode as24 =
          S24.json("generate", out, "--prompt", "int ", "--tokens=8", "--sparse", BACKEND);
      assertEquals(11, as24.get("sparse_weights").asInt());
      assertEquals(said.get("text"), as24.get("text"));
    }
  }

  private static String greedy(Path model) {
    return S24.good("generate", model, "--prompt", "int ", "--tokens=8", BACKEND).out();
  }

  @Test
  void sampledTextDependsOnTheSeedOnly() {
    Path out = dir.resolve("sampled");
    S24.good(train(out, "--steps=2", "--adapters=4", "--adapter-fraction=0.5"));
    String[] texts = new String[3];
    for (int i = 0; i < 3; i++) {
      texts[i] =
          S24.good(
                  "generate",
                  out,
                  "--prompt",
                  "é",
                  "--temperature=1.5",
                  "--top-p=0.95",
                  "--tokens=20",
                  "--seed",
                  i / 2,
                  BACKEND)
              .out();
    }
    assertEquals(texts[0], texts[1]);
    assertFalse(texts[0].equals(texts[2]));
    assertTrue(texts[0].startsWith("é"));
  }

  @Test
  void perplexityIsOfWholeWindows() {
    Path out = dir.resolve("evaluated");
    S24.good(train(out, "--steps=2", "--seq=32"));
    JsonNode json =
        S24.json("eval", out, "--text", dir.resolve("text.txt"), "--against", out, BACKEND);
    JsonNode model = json.get("model");
    assertEquals(21 * 200 / 32, model.get("windows").asInt());
    assertEquals(32, model.get("seq").asInt());
    assertEquals(31 * (21 * 200 / 32), model.get("tokens").asInt());
    assertEquals(Math.exp(model.get("loss").asDouble()), model.get("perplexity").asDouble(), 1e-9);
    assertEquals(model, json.get("against"));
    assertEquals(
        3,
        S24.json("eval", out, "--text", dir.resolve("text.txt"), "--windows=3", BACKEND)
            .get("model")
            .get("windows")
            .asInt());
  }

  @Test
  void memoryAndTheChoiceOfPruningOnceAreSaid() {
    S24 run = S24.good(train(dir.resolve("exact"), "--steps=1", "--seq=8", "--no-double-prune"));
    assertTrue(run.out().contains("bytes a parameter"), run.out());
    assertTrue(run.out().contains("of dense: "), run.out());
    S24 refused = S24.run(train(dir.resolve("none"), "--method=dense", "--no-double-prune"));
    assertEquals(Main.USAGE, refused.status());
    assertTrue(refused.err().contains("--no-double-prune: is of method slope"), refused.err());
  }

  @Test
  void aTextLongerThanTheModelKnowsIsRefused() {
    Path out = dir.resolve("short");
    S24.good(train(out, "--steps=1", "--seq=16"));
    for (String[] words :
        new String[][] {
          {"--prompt=123456789", "--tokens=8"}, {"--prompt=0123456789abcdef", "--tokens=0"}
        }) {
      S24 run = S24.run("generate", out, words[0], words[1], BACKEND);
      assertEquals(Main.USAGE, run.status());
      assertTrue(run.err().contains("the model knows 16 positions"), run.err());
    }
    assertEquals(8, S24.json("generate", out, "--prompt=12345678", BACKEND).get("tokens").asInt());
  }

  /** SIGTERM, which the JVM takes as it does SIGINT. */
  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void anInterruptedRunSavesAndGoesOn() throws Exception {
    Path whole = dir.resolve("whole");
    Path stopped = dir.resolve("stopped");
    S24.good(train(whole, "--steps=60", "--seq=8"));
    Path log = dir.resolve("stopped.log");
    String[] words =
        Arrays.stream(train(stopped, "--steps=60", "--seq=8"))
            .map(Object::toString)
            .toArray(String[]::new);
    Process process = S24.child(log, words).start();
    Path lines = stopped.resolve("log.jsonl");
    while (process.isAlive() && !(Files.exists(lines) && Files.size(lines) > 0)) {
      Thread.sleep(1);
    }
    process.destroy();
    assertEquals(128 + 15, process.waitFor(), Files.readString(log));
    assertTrue(
        Files.readString(log).contains("it goes on with: s24 train --out " + stopped + " --resume"),
        Files.readString(log));

    S24.good("train", "--out", stopped, "--resume", BACKEND);
    for (String file : List.of("model.safetensors", "config.json", "tokenizer.json")) {
      assertEquals(-1, Files.mismatch(whole.resolve(file), stopped.resolve(file)), file);
    }
  }

  /** A file may have no more than some size, which is what a full disk looks like. */
  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void aFullDiskLosesNothing() throws Exception {
    Path out = dir.resolve("full");
    S24.good(train(out, "--steps=4", "--seq=8", "--checkpoint-every=2"));
    Files.delete(out.resolve("training/step-00000004.safetensors"));
    Path log = dir.resolve("full.log");
    ProcessBuilder child =
        S24.child(
            log, "train", "--out", out.toString(), "--resume", "--checkpoint-every=2", BACKEND);
    List<String> limited =
        new ArrayList<>(List.of("bash", "-c", "ulimit -f 100; exec \"$@\"", "x"));
    limited.addAll(child.command());
    assertEquals(1, child.command(limited).start().waitFor(), Files.readString(log));
    String said = Files.readString(log);
    assertTrue(said.contains("step-00000004.safetensors: could not be written"), said);
    assertFalse(said.contains("\tat "), said);
    assertTrue(Files.exists(out.resolve("training/step-00000002.safetensors")));
    S24.good("train", "--out", out, "--resume", BACKEND);
  }

  @Test
  void refusesWhatItWasNotStartedWith() throws IOException {
    Path out = dir.resolve("started");
    S24.good(train(out, "--steps=2", "--seq=8"));
    List<String> cases =
        List.of("--preset=tiny", "--steps=3", "--method=dense", "--seq=9", "--lr=0.5", "--seed=1");
    for (String option : cases) {
      S24 run = S24.run("train", "--out", out, "--resume", option, BACKEND);
      assertEquals(Main.FAILED, run.status());
      assertEquals(1, run.errLines().size(), run.err());
      assertTrue(run.err().contains(option.replace("=", " is ")), run.err());
      assertTrue(run.err().contains("it was started with"), run.err());
    }
  }
}
