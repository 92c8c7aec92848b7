package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.Pattern;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import io.sparse24.train.Rule;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The gradient of the whole decoder against central differences of its loss along a direction, on
 * the backend that sums in float64.
 */
final class DecoderGradientTest {
  private static final int BATCH = 2;
  private static final int SEQ = 7;

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final int[] inputs = new int[BATCH * SEQ];
  private final int[] targets = new int[BATCH * SEQ];
  private boolean doublePrune;

  /** SLoPe's too where the column mask drops nothing; else its gradient of X is none, by design. */
  @ParameterizedTest
  @CsvSource({
    "dense,false,true",
    "dense,true,true",
    "slope,false,true",
    "slope,true,true",
    "slope,false,false",
    "slope,true,false"
  })
  void matchesFiniteDifferences(String method, boolean tied, boolean pruned) {
    doublePrune = pruned;
    Method by = Method.named(method);
    DecoderConfig config = TinyModel.config(tied);
    TinyModel model = TinyModel.random(config, random, by == Method.SLOPE && pruned);
    if (by == Method.SLOPE && !pruned) {
      model = model.withClearMasks(random);
    }
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = random.nextInt(config.vocabSize());
      targets[i] = random.nextInt(config.vocabSize());
    }
    targets[3] = -1;
    try (Session session = Backends.open("reference")) {
      Map<String, float[]> gradient = gradient(session, by, model);
      Map<String, float[]> direction = direction(gradient, by);
      double slope = 0;
      for (String name : gradient.keySet()) {
        float[] g = TinyModel.value(gradient, name);
        float[] d = TinyModel.value(direction, name);
        for (int i = 0; i < g.length; i++) {
          slope += (double) g[i] * d[i];
        }
      }
      // Two steps, of which the second's error is a quarter: what is left is of the fourth order.
      double wide = difference(session, by, model, direction, 1e-3);
      double narrow = difference(session, by, model, direction, 5e-4);
      double difference = (4 * narrow - wide) / 3;
      assertEquals(difference, slope, 1e-3 * Math.abs(difference), "seed " + seed);
    }
  }

  private double difference(
      Session session, Method by, TinyModel model, Map<String, float[]> direction, double step) {
    return (loss(session, by, model.plus(step, direction))
            - loss(session, by, model.plus(-step, direction)))
        / (2 * step);
  }

  private Decoder decoder(Session session, Method method, TinyModel model) {
    Recipe recipe =
        new Recipe(
            method,
            Pattern.P2_4,
            true,
            1,
            doublePrune,
            java.util.regex.Pattern.compile(Recipe.FIRST),
            0,
            Rule.SGD,
            seed);
    Decoder decoder = new Decoder(session, model.config, DType.F32, BATCH, SEQ, recipe, model);
    decoder.set(inputs, targets);
    return decoder;
  }

  private double loss(Session session, Method method, TinyModel model) {
    try (Decoder decoder = decoder(session, method, model)) {
      return decoder.loss();
    }
  }

  /** What a step of gradient descent takes away; a power of two, so that little is rounded. */
  private Map<String, float[]> gradient(Session session, Method method, TinyModel model) {
    float lr = 64;
    try (Decoder decoder = decoder(session, method, model)) {
      Map<String, float[]> gradient = TinyModel.of(decoder);
      double forward = decoder.loss();
      assertEquals(forward, decoder.lossAndGradient());
      decoder.step(new Sgd(lr, 0, 0), 1);
      TinyModel.of(decoder)
          .forEach((name, after) -> {
            float[] before = TinyModel.value(gradient, name);
            for (int i = 0; i < after.length; i++) {
              before[i] = (before[i] - after[i]) / lr;
            }
          });
      return gradient;
    }
  }

  /** The gradient's and a random one, where the mask keeps weights. */
  private Map<String, float[]> direction(Map<String, float[]> gradient, Method method) {
    Map<String, float[]> direction = new LinkedHashMap<>();
    double squares = 0;
    for (float[] g : gradient.values()) {
      for (float x : g) {
        squares += (double) x * x;
      }
    }
    double norm = Math.sqrt(squares);
    gradient.forEach((name, g) -> {
      float[] d = new float[g.length];
      for (int i = 0; i < d.length; i++) {
        boolean free = method == Method.DENSE || !TinyModel.isLinear(name) || g[i] != 0;
        d[i] = free ? (float) (g[i] / norm + 0.01 * random.nextGaussian()) : 0;
      }
      direction.put(name, d);
    });
    return direction;
  }
}
