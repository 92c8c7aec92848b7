package io.sparse24.cli.demo;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The model's own tokenizer, configured as its artifact does: truncated, not padded. */
final class Tokenizer implements AutoCloseable {
  private static final String RESOURCE = "/all-minilm-l6-v2-tokenizer.json";

  private final HuggingFaceTokenizer tokenizer;

  private Tokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Reads the tokenizer from the class path. */
  static Tokenizer load() throws IOException {
    stayOffline();
    try (InputStream in = Tokenizer.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IOException("tokenizer: " + RESOURCE + " is not on the class path");
      }
      return new Tokenizer(HuggingFaceTokenizer.newInstance(in, Map.of("padding", "false")));
    }
  }

  /** Puts it into a model's directory; nothing is done if OUT is a file of weights only. */
  static void copy(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (InputStream in = Tokenizer.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IOException("tokenizer: " + RESOURCE + " is not on the class path");
      }
      Files.copy(in, folder.resolve("tokenizer.json"));
    }
  }

  /** The tokenizer library otherwise reports its use over the network. */
  static void stayOffline() {
    System.setProperty("ai.djl.offline", "true");
  }

  /** The ids of a sentence's tokens, with those that mark its begin and end. */
  int[] encode(String sentence) {
    long[] ids = tokenizer.encode(sentence, true, false).getIds();
    int[] result = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      result[i] = Math.toIntExact(ids[i]);
    }
    return result;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
