package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.llm.Divergence.Continuations;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Divergent tokens and errors of blocks against what two models do by themselves. */
final class DivergenceTest {
  private static final int PREFIX = 5;
  private static final int CONTINUATION = 20;

  @TempDir Path dir = Path.of("");

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);

  static Stream<String> backends() {
    return Runs.backends();
  }

  private static LanguageModel open(Session session, Path model) throws IOException {
    return LanguageModel.open(session, model, LanguageModel.Weights.AS_STORED, 25, 7);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void continuationsPartWhereTheFirstTokenDiffers(String backend) throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(false), random, false);
    Map<String, float[]> noise = TinyModel.random(TinyModel.config(false), random, false).weights;
    Path dense = model.write(dir.resolve("dense"), DType.F32);
    Path near = model.plus(0.1, noise).write(dir.resolve("near"), DType.F32);
    int[] tokens = random.ints(60, 0, model.config.vocabSize()).toArray();
    try (Session session = Backends.open(backend);
        LanguageModel one = open(session, dense);
        LanguageModel other = open(session, near)) {
      Continuations continuations =
          Continuations.of(one, tokens, 4, PREFIX, CONTINUATION, done -> {});
      Divergence same = Divergence.of(one, continuations, done -> {});
      assertEquals(new Divergence(4, PREFIX, CONTINUATION, 21, 21, 21, 0), same);

      double[] first = new double[4];
      for (int p = 0; p < 4; p++) {
        int[] read = continuations.sequence(p);
        int[] own = greedy(other, Arrays.copyOf(read, PREFIX));
        int equal = Arrays.mismatch(own, read);
        first[p] = equal < 0 ? CONTINUATION + 1 : equal - PREFIX + 1;
      }
      Arrays.sort(first);
      Divergence apart = Divergence.of(other, continuations, done -> {});
      assertEquals((first[1] + first[2]) / 2, apart.firstMedian(), 1e-9, "seed " + seed);
      assertEquals(0.25 * first[0] + 0.75 * first[1], apart.firstQuartile(), 1e-9);
      assertTrue(apart.share() >= 0 && apart.share() <= 1);
    }
  }

  private static int[] greedy(LanguageModel model, int[] prefix) {
    int[] sequence = Arrays.copyOf(prefix, PREFIX + CONTINUATION);
    model.clear();
    float[] logits = model.append(prefix);
    for (int i = PREFIX; i < sequence.length; i++) {
      sequence[i] = Sampler.greedy().next(logits);
      if (i + 1 < sequence.length) {
        logits = model.append(sequence[i]);
      }
    }
    return sequence;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void blocksAreComparedByTheirOutputs(String backend) throws IOException {
    TinyModel model = TinyModel.random(TinyModel.config(true), random, false);
    Map<String, float[]> noise = TinyModel.random(TinyModel.config(true), random, false).weights;
    TinyModel moved = model.plus(0.01, noise);
    Path dense = model.write(dir.resolve("dense"), DType.F32);
    Path near = moved.write(dir.resolve("near"), DType.F32);
    int[] tokens = random.ints(7, 0, model.config.vocabSize()).toArray();
    try (Session session = Backends.open(backend);
        LanguageModel one = open(session, dense);
        LanguageModel other = open(session, near);
        BlockErrors errors = new BlockErrors(one, tokens)) {
      assertArrayEquals(new double[] {0, 0}, errors.of(one));
      double[] expected = new double[2];
      double[][] x = embedded(model, tokens);
      double[][] y = embedded(moved, tokens);
      BlockOracle oracle = new BlockOracle(model.config);
      for (int block = 0; block < 2; block++) {
        x = oracle.run(model.weights, block, x).output;
        y = oracle.run(moved.weights, block, y).output;
        expected[block] = relative(x, y);
      }
      assertArrayEquals(expected, errors.of(other), 1e-5, "seed " + seed);
    }
  }

  private static double[][] embedded(TinyModel model, int[] tokens) {
    float[] table = TinyModel.value(model.weights, "model.embed_tokens.weight");
    int hidden = model.config.hiddenSize();
    double[][] x = new double[tokens.length][hidden];
    for (int i = 0; i < tokens.length; i++) {
      for (int j = 0; j < hidden; j++) {
        x[i][j] = table[tokens[i] * hidden + j];
      }
    }
    return x;
  }

  private static double relative(double[][] expected, double[][] actual) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      for (int j = 0; j < expected[i].length; j++) {
        double apart = actual[i][j] - expected[i][j];
        difference += apart * apart;
        size += expected[i][j] * expected[i][j];
      }
    }
    return Math.sqrt(difference / size);
  }
}
