package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.Pattern;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import io.sparse24.train.Rule;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every backend gives the oracle's loss and gradients. */
final class DecoderBackendsTest {
  private static final int BATCH = 3;
  private static final int SEQ = 31;

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final int[] inputs = random.ints((long) BATCH * SEQ, 0, 19).toArray();
  private final int[] targets = random.ints((long) BATCH * SEQ, -1, 19).toArray();

  static Stream<Arguments> rows() {
    return Runs.backends()
        .filter(backend -> !backend.equals("reference"))
        .flatMap(backend ->
            Stream.of(Method.values())
                .flatMap(method ->
                    Stream.of(DType.F32, DType.BF16)
                        .map(dtype -> Arguments.of(backend, method, dtype))));
  }

  /** Before a step, and after it, which is what the gradients make of the weights. */
  private double[] losses(String backend, Method method, DType dtype, TinyModel model) {
    Recipe recipe =
        new Recipe(
            method,
            Pattern.P2_4,
            true,
            1,
            true,
            java.util.regex.Pattern.compile(Recipe.FIRST),
            0,
            Rule.SGD,
            seed);
    try (Session session = Backends.open(backend);
        Decoder decoder = new Decoder(session, model.config, dtype, BATCH, SEQ, recipe, model)) {
      decoder.set(inputs, targets);
      double before = decoder.lossAndGradient();
      double norm = Math.sqrt(decoder.squaredGradientNorm());
      decoder.step(new Sgd(0.05f, 0, 0), 1);
      return new double[] {before, norm, decoder.loss(), sum(TinyModel.of(decoder))};
    }
  }

  private static double sum(Map<String, float[]> weights) {
    double sum = 0;
    for (float[] w : weights.values()) {
      for (float x : w) {
        sum += Math.abs(x);
      }
    }
    return sum;
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("rows")
  void agreesWithTheOracle(String backend, Method method, DType dtype) {
    TinyModel model = TinyModel.random(TinyModel.config(false), random, false);
    double[] expected = losses("reference", method, dtype, model);
    double[] actual = losses(backend, method, dtype, model);
    double relative = dtype == DType.F32 ? 1e-4 : 0.03;
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], relative * Math.abs(expected[i]), "seed " + seed);
    }
  }
}
