package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Sentences of any length one after the other, without padding, so that each linear layer is one
 * multiplication over the tokens of all; and the memory to encode them in, used again by each run.
 */
public final class SentenceBatch {
  private final int[] ids;
  private final int[] starts;
  final Matrix hidden;
  final Matrix query;
  final Matrix key;
  final Matrix value;
  final Matrix context;
  final Matrix projected;
  final Matrix intermediate;

  /**
   * Lays the sentences out.
   *
   * @param arena holds the memory
   * @param config of the encoder
   * @param sentences token ids of each, at least one and at most as many as the encoder knows
   *     positions
   */
  public SentenceBatch(Arena arena, EncoderConfig config, List<int[]> sentences) {
    for (int[] sentence : sentences) {
      if (sentence.length < 1 || sentence.length > config.maxPositions()) {
        throw new IllegalArgumentException(
            "sentences: one has "
                + sentence.length
                + " tokens, must have at least 1 and at most "
                + config.maxPositions());
      }
      for (int id : sentence) {
        if (id < 0 || id >= config.vocabSize()) {
          throw new IllegalArgumentException(
              "sentences: token " + id + " is none, must be less than " + config.vocabSize());
        }
      }
    }
    starts = new int[sentences.size() + 1];
    for (int s = 0; s < sentences.size(); s++) {
      starts[s + 1] = starts[s] + sentences.get(s).length;
    }
    ids = new int[tokens()];
    for (int s = 0; s < sentences.size(); s++) {
      System.arraycopy(sentences.get(s), 0, ids, starts[s], sentences.get(s).length);
    }
    hidden = matrix(arena, config.hiddenSize());
    query = matrix(arena, config.hiddenSize());
    key = matrix(arena, config.hiddenSize());
    value = matrix(arena, config.hiddenSize());
    context = matrix(arena, config.hiddenSize());
    projected = matrix(arena, config.hiddenSize());
    intermediate = matrix(arena, config.intermediateSize());
  }

  private Matrix matrix(Arena arena, int cols) {
    return Matrix.allocate(arena, tokens(), cols, DType.F32);
  }

  /**
   * How many there are.
   *
   * @return their count
   */
  public int sentences() {
    return starts.length - 1;
  }

  /**
   * Tokens of all sentences.
   *
   * @return their count
   */
  public int tokens() {
    return starts[starts.length - 1];
  }

  /** Row of a sentence's first token; that of the number of sentences is the number of tokens. */
  int start(int sentence) {
    return starts[sentence];
  }

  int id(int token) {
    return ids[token];
  }
}
