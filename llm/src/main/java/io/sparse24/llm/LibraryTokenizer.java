package io.sparse24.llm;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Any tokenizer of Hugging Face, by its own library. */
final class LibraryTokenizer implements Tokenizer {
  private final HuggingFaceTokenizer tokenizer;

  private LibraryTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  static LibraryTokenizer open(Path file) throws IOException {
    // The library otherwise reports its use over the network.
    System.setProperty("ai.djl.offline", "true");
    try {
      return new LibraryTokenizer(
          HuggingFaceTokenizer.newInstance(
              file, Map.of("padding", "false", "truncation", "false")));
    } catch (RuntimeException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public int[] encode(String text) {
    long[] ids = tokenizer.encode(text, true, false).getIds();
    int[] result = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      result[i] = Math.toIntExact(ids[i]);
    }
    return result;
  }

  @Override
  public String decode(int[] ids) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      wide[i] = ids[i];
    }
    return tokenizer.decode(wide, true);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
