package io.sparse24.cli.demo;

import dev.langchain4j.model.embedding.onnx.allminilml6v2.AllMiniLmL6V2EmbeddingModel;
import java.util.List;

/** The model's embeddings as its artifact computes them, to hold ours against. */
final class OnnxRuntime {
  private OnnxRuntime() {}

  /**
   * Embeds sentences.
   *
   * @param sentences of any length
   * @return one row of length 1 for each
   */
  static float[][] embed(List<String> sentences) {
    AllMiniLmL6V2EmbeddingModel model = new AllMiniLmL6V2EmbeddingModel(Runnable::run);
    return sentences.stream()
        .map(sentence -> model.embed(sentence).content().vector())
        .toArray(float[][]::new);
  }
}
