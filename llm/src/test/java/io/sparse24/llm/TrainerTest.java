package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sparse24.format.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Training learns, and a run that was broken off ends like one that was not. */
final class TrainerTest {
  private static final int STEPS = 10;
  private static final String MODEL = "model.safetensors";

  @TempDir Path dir = Path.of("");

  static Stream<Arguments> methods() {
    return Runs.backends()
        .flatMap(backend ->
            Stream.of(
                arguments(backend, Method.DENSE, 0),
                arguments(backend, Method.SLOPE, 0),
                arguments(backend, Method.SLOPE, 4),
                arguments(backend, Method.SR_STE, 0)));
  }

  private static void assertSameRun(Path expected, Path actual) throws IOException {
    assertEquals(Runs.timeless(expected), Runs.timeless(actual));
    assertEquals(-1, Files.mismatch(expected.resolve(MODEL), actual.resolve(MODEL)));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void goesOnAsIfItHadNeverStopped(String backend, Method method, int adapters) throws IOException {
    TrainOptions options = Runs.options(Runs.alphabet(dir), method, STEPS, adapters);
    Path whole = dir.resolve("whole");
    Path broken = dir.resolve("broken");
    assertTrue(Runs.run(backend, 0, options, whole, () -> false).finished());

    int[] left = {4};
    Trainer.Result stopped = Runs.run(backend, 0, options, broken, () -> --left[0] == 0);
    assertFalse(stopped.finished());
    assertEquals(4, stopped.step());
    left[0] = 5; // where the adapters are there already
    assertEquals(9, Runs.run(backend, 0, options, broken, () -> --left[0] == 0).step());
    assertTrue(Runs.run(backend, 0, options, broken, () -> false).finished());
    assertSameRun(whole, broken);
  }

  static Stream<String> backends() {
    return Runs.backends();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void withoutDoublePruningItGoesOnToo(String backend) throws IOException {
    TrainOptions pruned = Runs.options(Runs.alphabet(dir), Method.SLOPE, STEPS, 0);
    TrainOptions exact = Runs.exact(pruned);
    Path whole = dir.resolve("whole");
    Path broken = dir.resolve("broken");
    Trainer.Result result = Runs.run(backend, 0, exact, whole, () -> false);
    int[] left = {4};
    assertEquals(4, Runs.run(backend, 0, exact, broken, () -> --left[0] == 0).step());
    assertTrue(Runs.run(backend, 0, exact, broken, () -> false).finished());
    assertSameRun(whole, broken);

    Trainer.Result other = Runs.run(backend, 0, pruned, dir.resolve("pruned"), () -> false);
    assertTrue(result.log().getLast().loss() != other.log().getLast().loss());
    assertTrue(result.memory().transpose() > other.memory().transpose());
    assertEquals(result.denseMemory(), other.denseMemory());
    assertTrue(result.memory().total() < result.denseMemory().total());
  }

  @ParameterizedTest
  @MethodSource("methods")
  void timesArePartsOfTheStep(String backend, Method method, int adapters) throws IOException {
    TrainOptions options = Runs.options(Runs.alphabet(dir), method, STEPS, adapters);
    for (TrainRecord line : Runs.run(backend, 0, options, dir.resolve("out"), () -> false).log()) {
      StepTimes times = line.milliseconds();
      double[] parts = {
        times.forward(), times.weightGradient(), times.inputGradient(), times.optimizer()
      };
      for (double part : parts) {
        assertTrue(part > 0, times::toString);
      }
      assertTrue(Arrays.stream(parts).sum() <= times.step(), times::toString);
    }
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void goesOnAfterItWasKilled() throws Exception {
    String backend = Runs.backends().reduce((first, last) -> last).orElseThrow();
    Path text = Runs.alphabet(dir);
    int steps = 40;
    TrainOptions options = Runs.options(text, Method.SLOPE, steps, 4);
    Path whole = dir.resolve("whole");
    Path killed = dir.resolve("killed");
    Runs.run(backend, 0, options, whole, () -> false);

    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                TrainChild.class.getName(),
                backend,
                text.toString(),
                "slope",
                Integer.toString(steps),
                "4",
                killed.toString())
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("child.log").toFile())
            .start();
    while (child.isAlive() && Trainer.log(killed).size() < 8) {
      Thread.sleep(1);
    }
    child.destroyForcibly().waitFor();
    int reached = Trainer.log(killed).size();
    assertTrue(reached >= 8 && reached < steps, () -> reached + " steps: " + childLog());
    assertTrue(Runs.run(backend, 0, options, killed, () -> false).finished());
    assertSameRun(whole, killed);
  }

  private String childLog() {
    try {
      return Files.readString(dir.resolve("child.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  @DisabledIfSystemProperty(named = "s24.native.skip", matches = "true")
  void threadsMakeNoDifference(String backend, Method method, int adapters) throws IOException {
    TrainOptions options = Runs.options(Runs.alphabet(dir), method, STEPS, adapters);
    Runs.run(backend, 1, options, dir.resolve("one"), () -> false);
    Runs.run(backend, 3, options, dir.resolve("three"), () -> false);
    assertSameRun(dir.resolve("one"), dir.resolve("three"));
  }

  /** Over and over the same text, until it is known by heart. */
  @ParameterizedTest
  @MethodSource("methods")
  void learns(String backend, Method method, int adapters) throws IOException {
    TrainOptions options = Runs.options(Runs.alphabet(dir), method, 150, adapters);
    Trainer.Result result = Runs.run(backend, 0, options, dir.resolve("out"), () -> false);
    List<TrainRecord> log = result.log();
    assertEquals(Math.log(256), log.getFirst().loss(), 0.3);
    assertTrue(log.getLast().loss() < 0.1, () -> "loss " + log.getLast());
    Double validation = log.getLast().validationLoss();
    assertTrue(validation != null && validation < 0.1, () -> "held out " + validation);
  }

  @Test
  void keepsTheLastTwoCheckpoints() throws IOException {
    Path out = dir.resolve("out");
    Runs.run(
        "reference", 0, Runs.options(Runs.alphabet(dir), Method.SLOPE, 8, 0), out, () -> false);
    try (Stream<Path> list = Files.list(out.resolve("training"))) {
      assertEquals(
          List.of("lock", "options.json", "step-00000006.safetensors", "step-00000008.safetensors"),
          list.map(path -> path.getFileName().toString()).sorted().toList());
    }
    try (Stream<Path> list = Files.list(out)) {
      assertEquals(
          List.of(
              "config.json",
              "log.jsonl",
              "model.safetensors",
              "tokenizer.json",
              "tokenizer_config.json",
              "training"),
          list.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void refusesAnotherConfigurationOrText() throws IOException {
    Path out = dir.resolve("out");
    Path text = Runs.alphabet(dir);
    TrainOptions options = Runs.options(text, Method.SLOPE, 6, 0);
    int[] left = {3};
    Runs.run("reference", 0, options, out, () -> --left[0] == 0);

    TrainOptions longer = Runs.options(text, Method.SLOPE, 7, 0);
    IOException other =
        assertThrows(IOException.class, () -> Runs.run("reference", 0, longer, out, () -> false));
    assertTrue(
        String.valueOf(other.getMessage()).contains("--steps is 7, it was started with 6"),
        other.getMessage());

    Path saved = out.resolve("training/step-00000003.safetensors");
    Path strange = dir.resolve("strange");
    int[] once = {1};
    Runs.run("reference", 0, longer, strange, () -> --once[0] == 0);
    Files.delete(saved);
    Files.copy(strange.resolve("training/step-00000001.safetensors"), saved);
    IOException checkpoint =
        assertThrows(IOException.class, () -> Runs.run("reference", 0, options, out, () -> false));
    assertTrue(
        String.valueOf(checkpoint.getMessage()).contains("is of other options"),
        checkpoint.getMessage());

    Files.writeString(text, "another text ".repeat(100));
    IOException changed =
        assertThrows(
            IOException.class, () -> Runs.run("reference", 0, longer, strange, () -> false));
    assertTrue(
        String.valueOf(changed.getMessage()).contains("is of other text"), changed.getMessage());
  }

  @Test
  void adaptersComeInTheLastSteps() throws IOException {
    Path out = dir.resolve("out");
    Runs.run(
        "reference", 0, Runs.options(Runs.alphabet(dir), Method.SLOPE, 10, 4), out, () -> false);
    try (Safetensors model = Safetensors.open(out.resolve(MODEL))) {
      assertEquals(
          List.of(4L, 32L),
          model.tensor("model.layers.1.mlp.up_proj.lora_A.weight").info().shape());
      assertEquals(
          List.of(64L, 4L),
          model.tensor("model.layers.1.mlp.up_proj.lora_B.weight").info().shape());
      assertTrue(
          model.tensors().stream()
              .noneMatch(
                  tensor -> tensor.name().startsWith("model.layers.0.self_attn.q_proj.lora")));
    }
    assertEquals(8, Runs.options(out, Method.SLOPE, 10, 4).adapterStep());
  }
}
