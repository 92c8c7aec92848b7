package io.sparse24.llm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Text to numbers of tokens and back. */
public interface Tokenizer extends AutoCloseable {
  /**
   * The tokens of a text, with a mark of its begin where the model has one.
   *
   * @param text any
   * @return ids
   */
  int[] encode(String text);

  /**
   * The text of tokens, without marks. Bytes that are no character, such as half of one, become
   * U+FFFD.
   *
   * @param ids as {@link #encode} gives
   * @return the text
   */
  String decode(int[] ids);

  @Override
  void close();

  /**
   * The tokenizer of a model's directory, {@code tokenizer.json}. That of bytes, which {@link
   * Trainer} writes, is our own; any other needs the library {@code ai.djl.huggingface:tokenizers}.
   *
   * @param folder the directory
   * @return closed by the caller
   * @throws IOException if there is none, or the library is not there
   */
  static Tokenizer open(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new NoSuchFileException(folder.toString());
    }
    Path file = folder.resolve(ByteTokenizer.FILE);
    if (!Files.isRegularFile(file)) {
      throw new IOException(folder + ": has no " + ByteTokenizer.FILE);
    }
    if (ByteTokenizer.describes(file)) {
      return new ByteTokenizer();
    }
    try {
      return LibraryTokenizer.open(file);
    } catch (NoClassDefFoundError e) {
      throw new IOException(
          folder
              + ": its tokenizer needs the library ai.djl.huggingface:tokenizers, which is not in"
              + " this download; bin/s24 of a source checkout has it",
          e);
    }
  }
}
