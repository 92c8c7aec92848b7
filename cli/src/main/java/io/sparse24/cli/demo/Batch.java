package io.sparse24.cli.demo;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Sentences of any length one after the other, without padding, so that each linear layer is one
 * multiplication over the tokens of all; and the memory to encode them in, used again by each run.
 */
final class Batch {
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
   * @param sentences token ids of each
   */
  Batch(Arena arena, List<int[]> sentences) {
    starts = new int[sentences.size() + 1];
    for (int s = 0; s < sentences.size(); s++) {
      starts[s + 1] = starts[s] + sentences.get(s).length;
    }
    ids = new int[tokens()];
    for (int s = 0; s < sentences.size(); s++) {
      System.arraycopy(sentences.get(s), 0, ids, starts[s], sentences.get(s).length);
    }
    hidden = matrix(arena, MiniLmWeights.HIDDEN);
    query = matrix(arena, MiniLmWeights.HIDDEN);
    key = matrix(arena, MiniLmWeights.HIDDEN);
    value = matrix(arena, MiniLmWeights.HIDDEN);
    context = matrix(arena, MiniLmWeights.HIDDEN);
    projected = matrix(arena, MiniLmWeights.HIDDEN);
    intermediate = matrix(arena, MiniLmWeights.INTERMEDIATE);
  }

  private Matrix matrix(Arena arena, int cols) {
    return Matrix.allocate(arena, tokens(), cols, DType.F32);
  }

  int sentences() {
    return starts.length - 1;
  }

  /** Tokens of all sentences. */
  int tokens() {
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
