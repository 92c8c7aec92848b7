package io.sparse24.cli.demo;

import io.sparse24.api.Activation;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.llm.EncoderConfig;
import io.sparse24.llm.SentenceEncoder.Norm;
import io.sparse24.llm.SentenceEncoder.Tables;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The weights of all-MiniLM-L6-v2, from the ONNX file in its Maven artifact.
 *
 * @param words {@code [VOCABULARY, HIDDEN]} row-major
 * @param positions {@code [POSITIONS, HIDDEN]} row-major
 * @param tokenType {@code [HIDDEN]}, of the one segment a sentence has
 * @param embeddingNorm the normalisation of their sum
 * @param blocks in the order they run
 * @param rest every tensor but the weights of the linear layers, by name
 */
record MiniLmWeights(
    FloatBuffer words,
    FloatBuffer positions,
    FloatBuffer tokenType,
    Norm embeddingNorm,
    List<Block> blocks,
    List<OnnxModel.Tensor> rest) {
  static final String NAME = "all-MiniLM-L6-v2";
  static final int HIDDEN = 384;
  static final int INTERMEDIATE = 1536;
  static final int HEADS = 12;
  static final int BLOCKS = 6;
  static final int POSITIONS = 512;
  static final int VOCABULARY = 30522;

  static final EncoderConfig CONFIG =
      new EncoderConfig(HIDDEN, INTERMEDIATE, BLOCKS, HEADS, POSITIONS, VOCABULARY, 1e-12);

  private static final String RESOURCE = "/all-minilm-l6-v2.onnx";

  /** Whether the artifact is on the class path. */
  static boolean found() {
    return MiniLmWeights.class.getResource(RESOURCE) != null;
  }

  /**
   * A linear layer.
   *
   * @param name in the checkpoint the model was exported from, without {@code .weight}
   * @param weight {@code [n, k]} F32, host memory
   * @param bias {@code [1, n]} F32, host memory
   * @param activation behind it
   */
  record Layer(String name, Matrix weight, Matrix bias, Activation activation) {}

  /** Attention and feed-forward of one block, each with the normalisation behind it. */
  record Block(
      Layer query,
      Layer key,
      Layer value,
      Layer attentionOutput,
      Norm attentionNorm,
      Layer intermediate,
      Layer output,
      Norm outputNorm) {}

  /** Everything but the linear layers, as the encoder takes it. */
  Tables tables() {
    return new Tables(
        words,
        positions,
        tokenType,
        embeddingNorm,
        blocks.stream().map(Block::attentionNorm).toList(),
        blocks.stream().map(Block::outputNorm).toList());
  }

  /** All linear layers, in the order they run. */
  List<Layer> layers() {
    List<Layer> layers = new ArrayList<>();
    for (Block b : blocks) {
      layers.addAll(List.of(b.query, b.key, b.value, b.attentionOutput, b.intermediate, b.output));
    }
    return layers;
  }

  /**
   * Reads the model from the class path.
   *
   * @param arena holds the linear layers
   */
  static MiniLmWeights load(Arena arena) throws IOException {
    try (InputStream in = MiniLmWeights.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IOException("model: " + RESOURCE + " is not on the class path");
      }
      return of(OnnxReader.read(in.readAllBytes()), arena);
    }
  }

  static MiniLmWeights of(OnnxModel model, Arena arena) throws IOException {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < BLOCKS; i++) {
      String block = "encoder.layer." + i + ".";
      blocks.add(
          new Block(
              square(model, block + "attention.self.query", arena),
              square(model, block + "attention.self.key", arena),
              square(model, block + "attention.self.value", arena),
              square(model, block + "attention.output.dense", arena),
              norm(model, block + "attention.output.LayerNorm"),
              layer(
                  model,
                  block + "intermediate.dense",
                  INTERMEDIATE,
                  HIDDEN,
                  Activation.GELU_ERF,
                  arena),
              layer(model, block + "output.dense", HIDDEN, INTERMEDIATE, Activation.NONE, arena),
              norm(model, block + "output.LayerNorm")));
    }
    return new MiniLmWeights(
        floats(model, "embeddings.word_embeddings.weight", VOCABULARY, HIDDEN),
        floats(model, "embeddings.position_embeddings.weight", POSITIONS, HIDDEN),
        floats(model, "embeddings.token_type_embeddings.weight", 2, HIDDEN).slice(0, HIDDEN),
        norm(model, "embeddings.LayerNorm"),
        List.copyOf(blocks),
        model.tensors().values().stream()
            .filter(tensor -> tensor.name().matches("(embeddings|encoder)[.].*"))
            .sorted(Comparator.comparing(OnnxModel.Tensor::name))
            .toList());
  }

  private static Layer square(OnnxModel model, String name, Arena arena) throws IOException {
    return layer(model, name, HIDDEN, HIDDEN, Activation.NONE, arena);
  }

  /** The export renamed the weights, so that only the node that multiplies with one knows it. */
  private static Layer layer(
      OnnxModel model, String name, int n, int k, Activation activation, Arena arena)
      throws IOException {
    OnnxModel.Node product =
        model.node("/" + name.replace('.', '/').replace("layer/", "layer.") + "/MatMul");
    if (!product.opType().equals("MatMul") || product.inputs().size() != 2) {
      throw new IOException(
          "model: node "
              + product.name()
              + " is "
              + product.opType()
              + " of "
              + product.inputs().size()
              + " inputs, must be MatMul of 2");
    }
    float[] transposed = new float[n * k];
    floats(model, product.inputs().get(1), k, n).get(transposed);
    Matrix weight = Matrix.allocate(arena, n, k, DType.F32);
    float[] row = new float[k];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < k; j++) {
        row[j] = transposed[j * n + i];
      }
      put(row, weight.rowSlice(i, i + 1));
    }
    float[] shift = new float[n];
    floats(model, name + ".bias", n).get(shift);
    Matrix bias = Matrix.allocate(arena, 1, n, DType.F32);
    put(shift, bias);
    return new Layer(name, weight, bias, activation);
  }

  private static void put(float[] from, Matrix to) {
    MemorySegment.copy(from, 0, to.segment(), ValueLayout.JAVA_FLOAT, 0, from.length);
  }

  private static Norm norm(OnnxModel model, String name) throws IOException {
    return new Norm(floats(model, name + ".weight", HIDDEN), floats(model, name + ".bias", HIDDEN));
  }

  private static FloatBuffer floats(OnnxModel model, String name, long... dims) throws IOException {
    return model.tensor(name, dims).floats();
  }
}
