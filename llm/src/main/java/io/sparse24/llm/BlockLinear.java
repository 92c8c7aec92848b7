package io.sparse24.llm;

/** The linear layers of a block, by their names in Hugging Face's checkpoints. */
enum BlockLinear {
  Q("self_attn.q_proj"),
  K("self_attn.k_proj"),
  V("self_attn.v_proj"),
  O("self_attn.o_proj"),
  GATE("mlp.gate_proj"),
  UP("mlp.up_proj"),
  DOWN("mlp.down_proj");

  private final String module;

  BlockLinear(String module) {
    this.module = module;
  }

  /** Without {@code .weight}. */
  String module(int layer) {
    return Names.block(layer) + module;
  }

  LinearLayer layer(DecoderConfig config, int block) {
    return new LinearLayer(module(block), input().name(), n(config), k(config));
  }

  /** What it multiplies. */
  BlockInput input() {
    return switch (this) {
      case Q, K, V -> BlockInput.ATTENTION;
      case O -> BlockInput.ATTENDED;
      case GATE, UP -> BlockInput.MLP;
      case DOWN -> BlockInput.ACTIVATED;
    };
  }

  /** Outputs. */
  long n(DecoderConfig config) {
    return switch (this) {
      case Q -> config.queryCols();
      case K, V -> config.keyCols();
      case GATE, UP -> config.intermediateSize();
      case O, DOWN -> config.hiddenSize();
    };
  }

  /** Inputs. */
  long k(DecoderConfig config) {
    return switch (this) {
      case Q, K, V, GATE, UP -> config.hiddenSize();
      case O -> config.queryCols();
      case DOWN -> config.intermediateSize();
    };
  }
}
