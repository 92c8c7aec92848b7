package io.sparse24.llm;

import java.util.function.ToIntFunction;

/** The linear layers of a block, by their names in Hugging Face's checkpoints. */
enum BlockLinear {
  Q("self_attn.q_proj", DecoderConfig::queryCols, DecoderConfig::hiddenSize),
  K("self_attn.k_proj", DecoderConfig::keyCols, DecoderConfig::hiddenSize),
  V("self_attn.v_proj", DecoderConfig::keyCols, DecoderConfig::hiddenSize),
  O("self_attn.o_proj", DecoderConfig::hiddenSize, DecoderConfig::queryCols),
  GATE("mlp.gate_proj", DecoderConfig::intermediateSize, DecoderConfig::hiddenSize),
  UP("mlp.up_proj", DecoderConfig::intermediateSize, DecoderConfig::hiddenSize),
  DOWN("mlp.down_proj", DecoderConfig::hiddenSize, DecoderConfig::intermediateSize);

  private final String module;
  private final ToIntFunction<DecoderConfig> n;
  private final ToIntFunction<DecoderConfig> k;

  BlockLinear(String module, ToIntFunction<DecoderConfig> n, ToIntFunction<DecoderConfig> k) {
    this.module = module;
    this.n = n;
    this.k = k;
  }

  /** Without {@code .weight}. */
  String module(int layer) {
    return Names.block(layer) + module;
  }

  long n(DecoderConfig config) {
    return n.applyAsInt(config);
  }

  long k(DecoderConfig config) {
    return k.applyAsInt(config);
  }

  /** Whether its output is added to what passes by the block's halves. */
  boolean addsToResidual() {
    return this == O || this == DOWN;
  }
}
