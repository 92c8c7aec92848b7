package io.sparse24.llm;

/**
 * A linear layer of a block.
 *
 * @param module its name in the checkpoint, without {@code .weight}
 * @param input which of the block's inputs it multiplies; layers with the same share it
 * @param n outputs
 * @param k inputs
 */
record LinearLayer(String module, String input, long n, long k) {
  String weight() {
    return module + Names.WEIGHT;
  }
}
