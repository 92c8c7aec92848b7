package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.api.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DecoderConfigTest {
  private static final Path WHERE = Path.of("model");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String LLAMA_3 =
      """
      {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "hidden_act": "silu",
       "eos_token_id": [128001, 128008, 128009], "hidden_size": 2048, "intermediate_size": 8192,
       "max_position_embeddings": 131072, "num_attention_heads": 32, "num_hidden_layers": 16,
       "num_key_value_heads": 8, "head_dim": 64, "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
       "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
         "original_max_position_embeddings": 8192, "rope_type": "llama3"},
       "tie_word_embeddings": true, "vocab_size": 128256}
      """;

  @Test
  void readsWhatItWrites() throws IOException {
    DecoderConfig config = DecoderConfig.of(WHERE, JSON.readTree(LLAMA_3));
    assertEquals(64, config.headDim());
    assertEquals(List.of(128001, 128008, 128009), config.endTokens());
    assertEquals(1_235_814_400L, config.parameters());
    assertEquals(config, DecoderConfig.of(WHERE, config.json(DType.BF16)));
    DecoderConfig tiny = Preset.TINY.config(128);
    assertEquals(tiny, DecoderConfig.of(WHERE, tiny.json(DType.F32)));
  }

  /** The values are those of Hugging Face's code for this model, computed apart in float64. */
  @Test
  void stretchesFrequenciesAsLlama3Does() throws IOException {
    DecoderConfig config = DecoderConfig.of(WHERE, JSON.readTree(LLAMA_3));
    assertEquals(1, RopeTable.frequency(config, 0));
    double plain = Math.pow(500000, -31.0 / 32);
    assertEquals(plain / 32, RopeTable.frequency(config, 31), 1e-15);
    double middle = Math.pow(500000, -16.0 / 32);
    double smooth = (8192 / (2 * Math.PI / middle) - 1) / 3;
    assertTrue(smooth > 0 && smooth < 1);
    assertEquals(
        (1 - smooth) * middle / 32 + smooth * middle, RopeTable.frequency(config, 16), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "architectures, [\"GPT2LMHeadModel\"], 'architectures: is ''GPT2LMHeadModel'', must be one of'",
    "architectures, null, must be one of LlamaForCausalLM",
    "attention_bias, true, 'attention_bias: is true'",
    "mlp_bias, true, 'mlp_bias: is true'",
    "hidden_act, \"gelu\", 'hidden_act: is ''gelu'', must be silu'",
    "sliding_window, 4096, 'sliding_window: is 4096'",
    "rope_scaling, '{\"type\": \"yarn\", \"factor\": 4}', 'rope_scaling: is of type ''yarn'''",
    "num_key_value_heads, 5, 'num_attention_heads: is 32, must be a multiple of 5'",
    "hidden_size, null, 'hidden_size: is missing'",
    "vocab_size, 1.5, 'vocab_size: is 1.5, must be a whole number'",
    "num_hidden_layers, 0, 'num_hidden_layers: is 0, must be at least 1'",
    "head_dim, 63, 'head_dim: is 63, must be even'",
    "rope_theta, -1, 'rope_theta: is -1.0'",
  })
  void refuses(String key, String value, String says) throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(LLAMA_3);
    json.set(key, JSON.readTree(value));
    IOException e = assertThrows(IOException.class, () -> DecoderConfig.of(WHERE, json));
    assertTrue(String.valueOf(e.getMessage()).startsWith("model: config.json: "), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains(says), e.getMessage());
  }

  @Test
  void mistralIsTheSame() throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(LLAMA_3);
    json.putArray("architectures").add("MistralForCausalLM");
    json.putNull("sliding_window");
    assertEquals(2048, DecoderConfig.of(WHERE, json).hiddenSize());
  }

  @Test
  void firstLayerAndHeadAndFlatOnesStayDense() {
    Recipe recipe = TrainOptions.of("text", Preset.TINY, Method.SLOPE).recipe();
    assertTrue(!recipe.sparse("model.layers.0.self_attn.q_proj", 192, 192));
    assertTrue(!recipe.sparse("model.layers.0.self_attn.v_proj", 96, 192));
    assertTrue(recipe.sparse("model.layers.0.self_attn.o_proj", 192, 192));
    assertTrue(recipe.sparse("model.layers.3.mlp.down_proj", 192, 512));
    assertTrue(recipe.sparse("model.layers.1.self_attn.k_proj", 40, 200));
    assertTrue(!recipe.sparse("model.layers.1.self_attn.k_proj", 36, 200));
  }
}
