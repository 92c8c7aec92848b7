package io.sparse24.llm;

import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An encoder of the BERT family from a Hugging Face directory, which embeds sentences: the mean
 * over a sentence's tokens, scaled to length 1, as sentence-transformers' MiniLM models do. Weights
 * that are stored as 2:4 are multiplied as such.
 */
public final class EncoderModel implements AutoCloseable {
  /** Sentences a product: rows of some hundred tokens stay in the caches between layers. */
  static final int SENTENCES = 16;

  private final EncoderConfig config;
  private final Scratch memory;
  private final List<ModelLinear> linears = new ArrayList<>();
  private final SentenceEncoder encoder;

  private EncoderModel(Session session, EncoderConfig config, ModelWeights source)
      throws IOException {
    this.config = config;
    this.memory = session.scratch();
    try {
      long rows = (long) SENTENCES * config.maxPositions();
      EncoderWeights weights = new EncoderWeights(session, config, source);
      List<SentenceEncoder.Linear> onHost = new ArrayList<>();
      for (int block = 0; block < config.layers(); block++) {
        for (EncoderLinear each : EncoderLinear.values()) {
          ModelLinear linear = weights.linear(each, block, rows, memory);
          linears.add(linear);
          onHost.add(EncoderWeights.onHost(session, linear, x -> {}));
        }
      }
      this.encoder =
          new SentenceEncoder(config, weights.tables(), onHost, SentenceEncoder.Probe.NONE);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Reads a model.
   *
   * @param session computes
   * @param path its directory
   * @param weights how dense weights are taken
   * @return closed by the caller, before the session
   * @throws IOException if it can't be read, or is of no such model
   */
  public static EncoderModel open(Session session, Path path, LanguageModel.Weights weights)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return new EncoderModel(
          session,
          EncoderConfig.of(checkpoint),
          new ModelWeights(session, checkpoint, weights == LanguageModel.Weights.SPARSE));
    }
  }

  /**
   * Tokens of sentences; longer ones than the model knows lose what is before their end mark.
   *
   * @param tokenizer the model's
   * @param sentences a text each
   * @param longest most tokens, at least 2
   * @return token ids of each
   */
  public static List<int[]> tokens(Tokenizer tokenizer, List<String> sentences, int longest) {
    List<int[]> all = new ArrayList<>();
    for (String sentence : sentences) {
      int[] ids = tokenizer.encode(sentence);
      if (ids.length > longest) {
        int end = ids[ids.length - 1];
        ids = Arrays.copyOf(ids, longest);
        ids[longest - 1] = end;
      }
      all.add(ids);
    }
    return all;
  }

  /**
   * Its shape.
   *
   * @return the config
   */
  public EncoderConfig config() {
    return config;
  }

  /**
   * Weights that are multiplied as 2:4.
   *
   * @return how many
   */
  public int sparseWeights() {
    return (int) linears.stream().filter(ModelLinear::isSparse).count();
  }

  /**
   * Embeds sentences.
   *
   * @param sentences token ids of each, at least one and at most as many as it knows positions
   * @return one row of {@code hidden size} elements and length 1 for each
   */
  public float[][] embed(List<int[]> sentences) {
    List<float[]> embeddings = new ArrayList<>();
    for (int from = 0; from < sentences.size(); from += SENTENCES) {
      List<int[]> some = sentences.subList(from, Math.min(from + SENTENCES, sentences.size()));
      try (Arena arena = Arena.ofShared()) {
        embeddings.addAll(List.of(encoder.embed(new SentenceBatch(arena, config, some))));
      }
    }
    return embeddings.toArray(float[][]::new);
  }

  /**
   * Embeds sentences up to a block, for comparison with another model.
   *
   * @param sentences as for {@link #embed}
   * @param to called with each block's number and its output {@code [tokens, hidden size]}, in host
   *     memory until it returns
   */
  public void blockOutputs(List<int[]> sentences, LanguageModel.BlockOutputs to) {
    try (Arena arena = Arena.ofShared()) {
      SentenceBatch batch = new SentenceBatch(arena, config, sentences);
      encoder.eachBlock(batch, block -> to.of(block, batch.hidden));
    }
  }

  /** Frees its memory. A second call does nothing. */
  @Override
  public void close() {
    linears.forEach(ModelLinear::close);
    memory.close();
  }
}
