package io.sparse24.llm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.format.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The shape of an encoder of the BERT family that embeds sentences, as Hugging Face's {@code
 * config.json} has it.
 *
 * @param hiddenSize width between blocks
 * @param intermediateSize width inside a block's MLP
 * @param layers blocks
 * @param heads heads of attention, of which {@code hiddenSize} is a multiple
 * @param maxPositions longest sequence
 * @param vocabSize rows of the words' table
 * @param normEpsilon of the layer norms
 */
public record EncoderConfig(
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int maxPositions,
    int vocabSize,
    double normEpsilon) {
  private static final String ARCHITECTURE = "BertModel";

  /** Checks. */
  public EncoderConfig {
    if (hiddenSize < 1 || intermediateSize < 1 || layers < 1 || maxPositions < 1 || vocabSize < 1) {
      throw new IllegalArgumentException("sizes must be at least 1");
    }
    if (heads < 1 || hiddenSize % heads != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads: is "
              + heads
              + ", hidden_size must be a multiple of it, is "
              + hiddenSize);
    }
  }

  /**
   * Whether a directory is of such a model.
   *
   * @param path the directory
   * @return false for other models, and where there is no {@code config.json}
   * @throws IOException if it can't be read
   */
  public static boolean describes(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return describes(checkpoint);
    }
  }

  static boolean describes(Checkpoint checkpoint) throws IOException {
    JsonNode json = checkpoint.config();
    return json != null && json.path("architectures").path(0).asText("").equals(ARCHITECTURE);
  }

  static EncoderConfig of(Checkpoint checkpoint) throws IOException {
    JsonNode json = checkpoint.config();
    if (json == null) {
      throw new IOException(checkpoint.path() + ": has no config.json, name a model's directory");
    }
    try {
      String activation = json.path("hidden_act").asText("gelu");
      if (!activation.equals("gelu")) {
        throw new IllegalArgumentException("hidden_act: is '" + activation + "', must be gelu");
      }
      String positions = json.path("position_embedding_type").asText("absolute");
      if (!positions.equals("absolute")) {
        throw new IllegalArgumentException(
            "position_embedding_type: is '" + positions + "', must be absolute");
      }
      return new EncoderConfig(
          integer(json, "hidden_size"),
          integer(json, "intermediate_size"),
          integer(json, "num_hidden_layers"),
          integer(json, "num_attention_heads"),
          integer(json, "max_position_embeddings"),
          integer(json, "vocab_size"),
          json.path("layer_norm_eps").asDouble(1e-12));
    } catch (IllegalArgumentException e) {
      throw new IOException(checkpoint.path() + ": config.json: " + e.getMessage(), e);
    }
  }

  private static int integer(JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw new IllegalArgumentException(
          key + ": is " + (value.isMissingNode() ? "missing" : value) + ", must be a whole number");
    }
    return value.asInt();
  }

  /**
   * Writes what a directory's {@code config.json} has, weights being of F32.
   *
   * @return a new tree
   */
  public ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("architectures").add(ARCHITECTURE);
    return json.put("model_type", "bert")
        .put("hidden_act", "gelu")
        .put("hidden_size", hiddenSize)
        .put("intermediate_size", intermediateSize)
        .put("layer_norm_eps", normEpsilon)
        .put("max_position_embeddings", maxPositions)
        .put("num_attention_heads", heads)
        .put("num_hidden_layers", layers)
        .put("position_embedding_type", "absolute")
        .put("torch_dtype", "float32")
        .put("type_vocab_size", 2)
        .put("vocab_size", vocabSize);
  }
}
