package io.sparse24.llm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The tokens are the bytes of UTF-8, the id of each its value. As Hugging Face's {@code
 * tokenizer.json} it is a byte-level BPE without merges, whose vocabulary has the characters by
 * which GPT-2 writes bytes (Radford and others, 2019).
 */
final class ByteTokenizer implements Tokenizer {
  static final String FILE = "tokenizer.json";
  static final String CONFIG_FILE = "tokenizer_config.json";
  static final int TOKENS = 256;

  private static final long MAX_BYTES = 1 << 16;
  private static final JsonMapper JSON = new JsonMapper();

  @Override
  public int[] encode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }

  @Override
  public String decode(int[] ids) {
    byte[] bytes = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      bytes[i] = (byte) ids[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {}

  /** Printable Latin-1 stands for itself, the other bytes for the characters from U+0100 on. */
  static String[] characters() {
    String[] characters = new String[TOKENS];
    int next = TOKENS;
    for (int b = 0; b < TOKENS; b++) {
      boolean itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
      characters[b] = Character.toString(itself ? b : next++);
    }
    return characters;
  }

  private static ObjectNode vocabulary() {
    ObjectNode vocabulary = JsonNodeFactory.instance.objectNode();
    String[] characters = characters();
    for (int b = 0; b < TOKENS; b++) {
      vocabulary.put(characters[b], b);
    }
    return vocabulary;
  }

  /** Whether a file is the one that {@link #write} writes, or one that means the same. */
  static boolean describes(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      return false;
    }
    try {
      JsonNode tree = JSON.readTree(Files.readAllBytes(file));
      JsonNode model = tree.path("model");
      return model.path("type").asText().equals("BPE")
          && model.path("merges").isArray()
          && model.path("merges").isEmpty()
          && model.path("vocab").equals(vocabulary())
          && tree.path("normalizer").isNull()
          && tree.path("added_tokens").isEmpty()
          && tree.path("pre_tokenizer").path("type").asText().equals("ByteLevel")
          && !tree.path("pre_tokenizer").path("add_prefix_space").asBoolean(true)
          && tree.path("post_processor").isNull();
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": is no good JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Writes it into a model's directory. */
  static void write(Path folder) throws IOException {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    tree.put("version", "1.0").putNull("truncation");
    tree.putNull("padding");
    tree.putArray("added_tokens");
    tree.putNull("normalizer");
    byteLevel(tree.putObject("pre_tokenizer"));
    tree.putNull("post_processor");
    byteLevel(tree.putObject("decoder"));
    ObjectNode model = tree.putObject("model");
    model.put("type", "BPE").putNull("dropout");
    model.putNull("unk_token");
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    model.set("vocab", vocabulary());
    model.putArray("merges");
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config
        .put("tokenizer_class", "PreTrainedTokenizerFast")
        .put("clean_up_tokenization_spaces", false)
        .put("eos_token", characters()[Corpus.END]);
    write(folder.resolve(FILE), tree);
    write(folder.resolve(CONFIG_FILE), config);
  }

  private static void byteLevel(ObjectNode node) {
    node.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", false)
        .put("use_regex", false);
  }

  private static void write(Path file, ObjectNode tree) throws IOException {
    Files.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree));
  }
}
