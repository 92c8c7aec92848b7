package io.sparse24.llm;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import io.sparse24.format.Weight;
import io.sparse24.train.DenseLinear;
import io.sparse24.train.Rule;
import io.sparse24.train.TrainableLinear;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Of each linear layer of a decoder's blocks the sum over sequences of |∂loss/∂W|, loss the mean of
 * a sequence's tokens: what GBLM-Pruner and Pruner-Zero ask for. All blocks are in memory at once,
 * with gradients in F32.
 */
final class ModelGradients {
  /** Where it is in a file. */
  static final String SUFFIX = ".gradient";

  private ModelGradients() {}

  /** Computes them and writes them, F32 {@code [n, k]} under the weight's name and SUFFIX. */
  static void write(
      Session session, DecoderConfig config, ModelWeights source, List<int[]> sequences, Path to)
      throws IOException {
    int length = sequences.getFirst().length - 1;
    DType dtype =
        source
            .weight(Names.EMBEDDING + Names.WEIGHT, config.vocabSize(), config.hiddenSize())
            .dtype();
    try (Arena arena = Arena.ofShared();
        Decoder decoder =
            new Decoder(
                session,
                config,
                dtype,
                1,
                length,
                Recipe.dense(Rule.SGD),
                weights(session, source))) {
      Map<String, Matrix> sums = new LinkedHashMap<>();
      for (LinearLayer layer : DecoderBlocks.layers(config)) {
        sums.put(layer.weight(), Matrix.allocate(arena, layer.n(), layer.k(), DType.F32));
      }
      for (int[] sequence : sequences) {
        decoder.set(Arrays.copyOf(sequence, length), Arrays.copyOfRange(sequence, 1, length + 1));
        decoder.lossAndGradient();
        for (Map.Entry<String, Matrix> sum : sums.entrySet()) {
          add(session, linear(decoder, sum.getKey()).gradient(), sum.getValue());
        }
        decoder.linears().values().forEach(TrainableLinear::discardGradient);
      }
      List<TensorInfo> infos = new ArrayList<>();
      sums.forEach((name, sum) ->
          infos.add(TensorInfo.of(name + SUFFIX, TensorType.F32, sum.rows(), sum.cols())));
      try (SafetensorsWriter writer = new SafetensorsWriter(to, infos, Map.of())) {
        for (Matrix sum : sums.values()) {
          writer.write(sum.segment());
        }
        writer.commit();
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static DenseLinear linear(Decoder decoder, String weight) {
    String module = weight.substring(0, weight.length() - Names.WEIGHT.length());
    if (decoder.linears().get(module) instanceof DenseLinear dense) {
      return dense;
    }
    throw new AssertionError(module + " is not dense in a dense recipe");
  }

  private static void add(Session session, Matrix gradient, Matrix sum) {
    try (Arena arena = Arena.ofConfined();
        Scratch copies = session.scratch()) {
      Matrix host = Matrix.allocate(arena, gradient.rows(), gradient.cols(), DType.F32);
      copies.download(gradient, host);
      session.synchronize();
      for (long i = 0; i < sum.rows(); i++) {
        for (long j = 0; j < sum.cols(); j++) {
          sum.set(i, j, sum.get(i, j) + Math.abs(host.get(i, j)));
        }
      }
    }
  }

  /** As a decoder to train takes them. */
  private static InitialWeights weights(Session session, ModelWeights source) {
    return (name, n, k, arena) -> {
      try {
        Weight weight =
            name.endsWith("norm" + Names.WEIGHT)
                ? source.weight(name, k)
                : source.weight(name, n, k);
        if (!weight.isCompressed()) {
          return weight.parts().getFirst().matrix(arena);
        }
        Compressed24 compressed = Compressed24.allocate(arena, n, k, weight.dtype());
        weight.read(compressed);
        return Matrix.of(
            SparseFormat.DENSE.encode(session, compressed, arena).getFirst(), n, k, weight.dtype());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }
}
