package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
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

  /** Two of each four weights far larger than the others: a small step changes no mask. */
  TinyModel withClearMasks(Random random) {
    weights.forEach((name, w) -> {
      for (int group = 0; isLinear(name) && group < w.length; group += 4) {
        int first = random.nextInt(4);
        int second = (first + 1 + random.nextInt(3)) % 4;
        for (int c = 0; c < 4; c++) {
          float value = w[group + c];
          boolean large = c == first || c == second;
          w[group + c] = large ? value + Math.copySign(0.2f, value) : value * 0.02f;
        }
      }
    });
    return this;
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

  /** As a model hub has it, in shards. */
  Path write(Path folder, DType dtype) throws IOException {
    List<TensorInfo> infos = new ArrayList<>();
    shapes(config)
        .forEach((tensor, shape) ->
            infos.add(
                shape[0] == 1
                    ? TensorInfo.of(tensor, TensorType.of(dtype), shape[1])
                    : TensorInfo.of(tensor, TensorType.of(dtype), shape[0], shape[1])));
    try (CheckpointWriter writer = CheckpointWriter.create(folder, infos, Map.of(), 4000);
        Arena arena = Arena.ofConfined()) {
      for (Map.Entry<String, int[]> shape : shapes(config).entrySet()) {
        long n = shape.getValue()[0];
        long k = shape.getValue()[1];
        Matrix w = weight(shape.getKey(), n, k, arena);
        Matrix rounded = Matrix.allocate(arena, n, k, dtype);
        for (long i = 0; i < n * k; i++) {
          rounded.set(i / k, i % k, w.get(i / k, i % k));
        }
        writer.write(rounded.segment());
      }
      writer.commit(config.json(dtype));
    }
    return folder;
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
