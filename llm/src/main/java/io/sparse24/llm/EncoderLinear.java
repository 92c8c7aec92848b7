package io.sparse24.llm;

import io.sparse24.api.Activation;

/** The linear layers of an encoder's block, by their names in Hugging Face's checkpoints. */
enum EncoderLinear {
  QUERY("attention.self.query", "HIDDEN"),
  KEY("attention.self.key", "HIDDEN"),
  VALUE("attention.self.value", "HIDDEN"),
  PROJECTION("attention.output.dense", "CONTEXT"),
  INTERMEDIATE("intermediate.dense", "ATTENDED"),
  OUTPUT("output.dense", "INTERMEDIATE");

  private final String module;
  private final String input;

  EncoderLinear(String module, String input) {
    this.module = module;
    this.input = input;
  }

  Activation activation() {
    return this == INTERMEDIATE ? Activation.GELU_ERF : Activation.NONE;
  }

  static String block(int index) {
    return "encoder.layer." + index + ".";
  }

  LinearLayer layer(EncoderConfig config, int block) {
    long n = this == INTERMEDIATE ? config.intermediateSize() : config.hiddenSize();
    long k = this == OUTPUT ? config.intermediateSize() : config.hiddenSize();
    return new LinearLayer(block(block) + module, input, n, k);
  }
}
