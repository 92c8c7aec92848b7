package io.sparse24.llm;

/** Names of the tensors in Hugging Face's checkpoints of Llama. */
final class Names {
  static final String EMBEDDING = "model.embed_tokens";
  static final String NORM = "model.norm";
  static final String HEAD = "lm_head";
  static final String WEIGHT = ".weight";
  static final String BIAS = ".bias";

  /** SLoPe's adapters L {@code [rank, k]} and R {@code [n, rank]}, named as other tools do. */
  static final String ADAPTER_L = ".lora_A.weight";

  static final String ADAPTER_R = ".lora_B.weight";

  private Names() {}

  static String block(int layer) {
    return "model.layers." + layer + ".";
  }

  static String attentionNorm(int layer) {
    return block(layer) + "input_layernorm";
  }

  static String mlpNorm(int layer) {
    return block(layer) + "post_attention_layernorm";
  }
}
