package io.sparse24.llm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.api.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a decoder of the Llama family, as Hugging Face's {@code config.json} has it.
 *
 * @param hiddenSize width between blocks
 * @param intermediateSize width inside a block's MLP
 * @param layers blocks
 * @param heads heads of the queries
 * @param kvHeads heads of keys and values, of which {@code heads} is a multiple
 * @param headDim columns of a head, even
 * @param normEpsilon of the RMSNorms
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling how they are stretched, or null
 * @param tieEmbeddings whether the head's weight is the embedding's table
 * @param vocabSize rows of the embedding's table
 * @param maxPositions longest sequence
 * @param endTokens tokens that end a text; may be empty
 */
public record DecoderConfig(
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    float normEpsilon,
    double ropeTheta,
    @Nullable RopeScaling ropeScaling,
    boolean tieEmbeddings,
    int vocabSize,
    int maxPositions,
    List<Integer> endTokens) {

  private static final List<String> ARCHITECTURES =
      List.of("LlamaForCausalLM", "MistralForCausalLM");

  /**
   * Llama 3's stretching of rotary frequencies: waves longer than {@code originalPositions /
   * lowFrequency} become {@code factor} times as long, shorter ones than {@code originalPositions /
   * highFrequency} stay, those between are blended.
   *
   * @param factor how much longer
   * @param lowFrequency where stretching is whole
   * @param highFrequency where it ends
   * @param originalPositions longest sequence before the stretching
   */
  public record RopeScaling(
      double factor, double lowFrequency, double highFrequency, int originalPositions) {
    /** Checks. */
    public RopeScaling {
      if (!(factor > 0 && lowFrequency > 0 && highFrequency > lowFrequency)
          || originalPositions < 1) {
        throw new IllegalArgumentException(
            "rope_scaling: must have factor > 0, 0 < low_freq_factor < high_freq_factor and"
                + " original_max_position_embeddings of at least 1");
      }
    }
  }

  /** Checks. */
  public DecoderConfig {
    positive("hidden_size", hiddenSize);
    positive("intermediate_size", intermediateSize);
    positive("num_hidden_layers", layers);
    positive("num_attention_heads", heads);
    positive("num_key_value_heads", kvHeads);
    positive("head_dim", headDim);
    positive("vocab_size", vocabSize);
    positive("max_position_embeddings", maxPositions);
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads: is " + heads + ", must be a multiple of " + kvHeads);
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException("head_dim: is " + headDim + ", must be even");
    }
    if (!(normEpsilon >= 0 && Float.isFinite(normEpsilon))) {
      throw new IllegalArgumentException(
          "rms_norm_eps: is " + normEpsilon + ", must be at least 0 and finite");
    }
    if (!(ropeTheta > 0 && Double.isFinite(ropeTheta))) {
      throw new IllegalArgumentException(
          "rope_theta: is " + ropeTheta + ", must be greater than 0 and finite");
    }
    endTokens = List.copyOf(endTokens);
  }

  private static void positive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be at least 1");
    }
  }

  /** Columns of the queries. */
  int queryCols() {
    return heads * headDim;
  }

  /** Columns of the keys, and of the values. */
  int keyCols() {
    return kvHeads * headDim;
  }

  /** Factor of the products in attention. */
  float attentionScale() {
    return (float) (1 / Math.sqrt(headDim));
  }

  /**
   * How many numbers the model has.
   *
   * @return the count, the tied head not counted twice
   */
  public long parameters() {
    long count = (long) vocabSize * hiddenSize * (tieEmbeddings ? 1 : 2) + hiddenSize;
    for (BlockLinear linear : BlockLinear.values()) {
      count += layers * linear.n(this) * linear.k(this);
    }
    return count + 2L * layers * hiddenSize;
  }

  /**
   * Reads {@code config.json}.
   *
   * @param where the model, for messages
   * @param json the tree
   * @return the config
   * @throws IOException if it is of no model this decoder is, with the reason
   */
  public static DecoderConfig of(Path where, JsonNode json) throws IOException {
    try {
      return read(json);
    } catch (IllegalArgumentException e) {
      throw new IOException(where + ": config.json: " + e.getMessage(), e);
    }
  }

  private static DecoderConfig read(JsonNode json) {
    String architecture = json.path("architectures").path(0).asText("");
    if (!ARCHITECTURES.contains(architecture)) {
      throw new IllegalArgumentException(
          "architectures: is '"
              + architecture
              + "', must be one of "
              + String.join(", ", ARCHITECTURES));
    }
    for (String bias : List.of("attention_bias", "mlp_bias")) {
      if (json.path(bias).asBoolean(false)) {
        throw new IllegalArgumentException(bias + ": is true, only models without are supported");
      }
    }
    String activation = json.path("hidden_act").asText("silu");
    if (!activation.equals("silu")) {
      throw new IllegalArgumentException("hidden_act: is '" + activation + "', must be silu");
    }
    int maxPositions = integer(json, "max_position_embeddings", null);
    JsonNode window = json.path("sliding_window");
    if (window.isNumber() && window.asInt() < maxPositions) {
      throw new IllegalArgumentException(
          "sliding_window: is " + window.asInt() + ", only attention to all is supported");
    }
    int hidden = integer(json, "hidden_size", null);
    int heads = integer(json, "num_attention_heads", null);
    boolean nested = json.path("rope_parameters").isObject();
    JsonNode rope = nested ? json.path("rope_parameters") : json;
    JsonNode scaling = nested ? rope : json.path("rope_scaling");
    return new DecoderConfig(
        hidden,
        integer(json, "intermediate_size", null),
        integer(json, "num_hidden_layers", null),
        heads,
        integer(json, "num_key_value_heads", heads),
        integer(json, "head_dim", hidden / Math.max(heads, 1)),
        (float) json.path("rms_norm_eps").asDouble(1e-6),
        rope.path("rope_theta").asDouble(10000),
        scaling(scaling),
        json.path("tie_word_embeddings").asBoolean(false),
        integer(json, "vocab_size", null),
        maxPositions,
        endTokens(json.path("eos_token_id")));
  }

  private static int integer(JsonNode json, String key, @Nullable Integer absent) {
    JsonNode value = json.path(key);
    if (value.isMissingNode() || value.isNull()) {
      if (absent == null) {
        throw new IllegalArgumentException(key + ": is missing");
      }
      return absent;
    }
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw new IllegalArgumentException(key + ": is " + value + ", must be a whole number");
    }
    return value.asInt();
  }

  private static @Nullable RopeScaling scaling(JsonNode json) {
    if (!json.isObject()) {
      return null;
    }
    String type = json.path("rope_type").asText(json.path("type").asText("default"));
    return switch (type) {
      case "default" -> null;
      case "llama3" ->
          new RopeScaling(
              json.path("factor").asDouble(),
              json.path("low_freq_factor").asDouble(),
              json.path("high_freq_factor").asDouble(),
              json.path("original_max_position_embeddings").asInt());
      default ->
          throw new IllegalArgumentException(
              "rope_scaling: is of type '" + type + "', must be none, default or llama3");
    };
  }

  private static List<Integer> endTokens(JsonNode json) {
    List<Integer> tokens = new ArrayList<>();
    if (json.isArray()) {
      json.forEach(token -> tokens.add(token.asInt()));
    } else if (json.isNumber()) {
      tokens.add(json.asInt());
    }
    return tokens;
  }

  /**
   * Writes what {@link #of} reads, as a Llama.
   *
   * @param dtype type of the weights
   * @return a new tree
   */
  public ObjectNode json(DType dtype) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("architectures").add(ARCHITECTURES.getFirst());
    json.put("model_type", "llama")
        .put("hidden_size", hiddenSize)
        .put("intermediate_size", intermediateSize)
        .put("num_hidden_layers", layers)
        .put("num_attention_heads", heads)
        .put("num_key_value_heads", kvHeads)
        .put("head_dim", headDim)
        .put("hidden_act", "silu")
        .put("attention_bias", false)
        .put("mlp_bias", false)
        .put("rms_norm_eps", normEpsilon)
        .put("rope_theta", ropeTheta)
        .put("tie_word_embeddings", tieEmbeddings)
        .put("vocab_size", vocabSize)
        .put("max_position_embeddings", maxPositions)
        .put("torch_dtype", torchName(dtype));
    RopeScaling scaling = ropeScaling;
    if (scaling == null) {
      json.putNull("rope_scaling");
    } else {
      json.putObject("rope_scaling")
          .put("rope_type", "llama3")
          .put("factor", scaling.factor())
          .put("low_freq_factor", scaling.lowFrequency())
          .put("high_freq_factor", scaling.highFrequency())
          .put("original_max_position_embeddings", scaling.originalPositions());
    }
    if (endTokens.size() == 1) {
      json.put("eos_token_id", endTokens.getFirst());
    } else if (!endTokens.isEmpty()) {
      endTokens.forEach(json.putArray("eos_token_id")::add);
    }
    return json;
  }

  private static String torchName(DType dtype) {
    return switch (Objects.requireNonNull(dtype, "dtype")) {
      case F32 -> "float32";
      case BF16 -> "bfloat16";
      case F16 -> "float16";
      case I8, F8_E4M3 ->
          throw new IllegalArgumentException(
              "dtype: is " + dtype.name().toLowerCase(Locale.ROOT) + ", must be a float");
    };
  }
}
