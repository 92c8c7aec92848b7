package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Weights of a decoder with awkward sizes, by name, as a test makes them up. */
final class TinyModel implements InitialWeights {
  final DecoderConfig config;
  final Map<String, float[]> weights = new LinkedHashMap<>();

  TinyModel(DecoderConfig config) {
    this.config = config;
  }

  static DecoderConfig config(boolean tied) {
    return new DecoderConfig(16, 24, 2, 4, 2, 4, 1e-5f, 100, null, tied, 19, 40, List.of());
  }

  /** Normal; where it is asked, with zeros so that all matrices of the blocks are 2:4 both ways. */
  static TinyModel random(DecoderConfig config, Random random, boolean checkered) {
    TinyModel model = new TinyModel(config);
    shapes(config)
        .forEach((name, shape) -> {
          int n = shape[0];
          int k = shape[1];
          float[] w = new float[n * k];
          for (int i = 0; i < w.length; i++) {
            boolean norm = n == 1;
            float value = (float) (random.nextGaussian() * (norm ? 0.2 : 0.4) + (norm ? 1 : 0));
            boolean dropped = checkered && isLinear(name) && (i / k + i % k) % 2 == 1;
            w[i] = dropped ? 0 : value;
          }
          model.weights.put(name, w);
        });
    return model;
  }

  static boolean isLinear(String name) {
    return name.endsWith("proj.weight");
  }

  static Map<String, int[]> shapes(DecoderConfig config) {
    Map<String, int[]> shapes = new LinkedHashMap<>();
    int hidden = config.hiddenSize();
    shapes.put("model.embed_tokens.weight", new int[] {config.vocabSize(), hidden});
    for (int layer = 0; layer < config.layers(); layer++) {
      for (BlockLinear linear : BlockLinear.values()) {
        shapes.put(
            linear.module(layer) + ".weight",
            new int[] {(int) linear.n(config), (int) linear.k(config)});
      }
      shapes.put(Names.attentionNorm(layer) + ".weight", new int[] {1, hidden});
      shapes.put(Names.mlpNorm(layer) + ".weight", new int[] {1, hidden});
    }
    shapes.put("model.norm.weight", new int[] {1, hidden});
    if (!config.tieEmbeddings()) {
      shapes.put("lm_head.weight", new int[] {config.vocabSize(), hidden});
    }
    return shapes;
  }

  /** This plus a multiple of another. */
  TinyModel plus(double factor, Map<String, float[]> direction) {
    TinyModel sum = new TinyModel(config);
    weights.forEach((name, w) -> {
      float[] moved = w.clone();
      float[] by = value(direction, name);
      for (int i = 0; i < moved.length; i++) {
        moved[i] += (float) (factor * by[i]);
      }
      sum.weights.put(name, moved);
    });
    return sum;
  }

  static float[] value(Map<String, float[]> of, String name) {
    return require(of.get(name), name);
  }

  private static float[] require(float @Nullable [] found, String name) {
    if (found == null) {
      throw new AssertionError("no " + name);
    }
    return found;
  }

  @Override
  public Matrix weight(String name, long n, long k, Arena arena) {
    Matrix w = Matrix.allocate(arena, n, k, DType.F32);
    float[] values = value(weights, name);
    for (int i = 0; i < values.length; i++) {
      w.set(i / k, i % k, values[i]);
    }
    return w;
  }

  /** What a decoder has now. */
  static Map<String, float[]> of(Decoder decoder) {
    Map<String, float[]> all = new LinkedHashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      decoder
          .linears()
          .forEach((module, linear) -> all.put(module + ".weight", floats(linear.dense(arena))));
      decoder
          .others()
          .forEach((module, other) -> all.put(module + ".weight", floats(other.host(arena))));
    }
    return all;
  }

  static float[] floats(Matrix matrix) {
    float[] values = new float[(int) (matrix.rows() * matrix.cols())];
    for (int i = 0; i < values.length; i++) {
      values[i] = matrix.get(i / matrix.cols(), i % matrix.cols());
    }
    return values;
  }
}
