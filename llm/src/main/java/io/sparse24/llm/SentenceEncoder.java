package io.sparse24.llm;

import io.sparse24.api.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Sentence embeddings: a BERT encoder, the mean over a sentence's tokens, scaled to length 1. The
 * linear layers run on the session they were made with; what lies between them is plain Java, the
 * sentences in parallel.
 */
public final class SentenceEncoder {
  private static final int PER_BLOCK = EncoderLinear.values().length;

  private final EncoderConfig config;
  private final Tables tables;
  private final List<? extends Linear> linears;
  private final Probe probe;
  private final int hiddenSize;

  /**
   * Scale and shift of a layer normalisation.
   *
   * @param gamma {@code [hidden size]}
   * @param beta the same
   */
  public record Norm(FloatBuffer gamma, FloatBuffer beta) {}

  /**
   * Everything but the linear layers.
   *
   * @param words {@code [vocabulary, hidden size]} row-major
   * @param positions {@code [positions, hidden size]} row-major
   * @param tokenType {@code [hidden size]}, of the one segment a sentence has
   * @param embeddingNorm the normalisation of their sum
   * @param attentionNorms behind each block's attention
   * @param outputNorms behind each block's MLP
   */
  public record Tables(
      FloatBuffer words,
      FloatBuffer positions,
      FloatBuffer tokenType,
      Norm embeddingNorm,
      List<Norm> attentionNorms,
      List<Norm> outputNorms) {}

  /** A linear layer with its bias and activation, of host matrices. */
  public interface Linear {
    /**
     * Y = act(X Wᵀ + bias).
     *
     * @param x {@code [tokens, k]}
     * @param y {@code [tokens, n]}, written
     */
    void apply(Matrix x, Matrix y);
  }

  /** Watches the linear layers run. */
  public interface Probe {
    /** Sees nothing. */
    Probe NONE = (layer, x) -> {};

    /**
     * A layer is about to run.
     *
     * @param layer its number, from 0
     * @param x its input {@code [tokens, k]} in host memory
     */
    void before(int layer, Matrix x);

    /**
     * It has run.
     *
     * @param layer its number
     */
    default void after(int layer) {}
  }

  /**
   * An encoder.
   *
   * @param config its shape
   * @param tables everything but the linear layers
   * @param linears those in the order they run, of each block query, key, value, the projection
   *     behind attention, intermediate with GELU, output
   * @param probe watches them
   */
  public SentenceEncoder(
      EncoderConfig config, Tables tables, List<? extends Linear> linears, Probe probe) {
    this.config = config;
    this.tables = tables;
    this.linears = linears;
    this.probe = probe;
    this.hiddenSize = config.hiddenSize();
  }

  /**
   * Embeds sentences.
   *
   * @param batch the sentences
   * @return one row of {@code hidden size} elements and length 1 for each
   */
  public float[][] embed(SentenceBatch batch) {
    eachBlock(batch, block -> {});
    float[][] embeddings = new float[batch.sentences()][];
    eachSentence(batch, s -> embeddings[s] = pool(batch, s));
    return embeddings;
  }

  /** Runs all blocks, and tells of each that it has run. */
  void eachBlock(SentenceBatch batch, IntConsumer done) {
    embedTokens(batch);
    for (int block = 0; block < config.layers(); block++) {
      block(block, batch, linears.subList(block * PER_BLOCK, (block + 1) * PER_BLOCK));
      done.accept(block);
    }
  }

  /** Into the batch's hidden rows. */
  void embedTokens(SentenceBatch batch) {
    eachSentence(batch, s -> embedTokens(batch, s));
  }

  /** A block, of the batch's hidden rows into them. */
  void block(int index, SentenceBatch batch, List<? extends Linear> of) {
    int first = index * PER_BLOCK;
    linear(of.get(0), first, batch.hidden, batch.query);
    linear(of.get(1), first + 1, batch.hidden, batch.key);
    linear(of.get(2), first + 2, batch.hidden, batch.value);
    eachSentence(batch, s -> attend(batch, s));
    linear(of.get(3), first + 3, batch.context, batch.projected);
    eachSentence(batch, s -> addAndNormalise(batch, s, tables.attentionNorms().get(index)));
    linear(of.get(4), first + 4, batch.hidden, batch.intermediate);
    linear(of.get(5), first + 5, batch.intermediate, batch.projected);
    eachSentence(batch, s -> addAndNormalise(batch, s, tables.outputNorms().get(index)));
  }

  private interface Sentence {
    void run(int sentence);
  }

  private static void eachSentence(SentenceBatch batch, Sentence work) {
    IntStream.range(0, batch.sentences()).parallel().forEach(work::run);
  }

  private void linear(Linear linear, int layer, Matrix x, Matrix y) {
    probe.before(layer, x);
    linear.apply(x, y);
    probe.after(layer);
  }

  private void embedTokens(SentenceBatch batch, int sentence) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] hidden = new float[length * hiddenSize];
    for (int t = 0; t < length; t++) {
      int word = batch.id(start + t) * hiddenSize;
      for (int j = 0; j < hiddenSize; j++) {
        hidden[t * hiddenSize + j] =
            tables.words().get(word + j)
                + tables.tokenType().get(j)
                + tables.positions().get(t * hiddenSize + j);
      }
    }
    normalise(hidden, tables.embeddingNorm());
    write(hidden, batch.hidden, start);
  }

  private void attend(SentenceBatch batch, int sentence) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] query = read(batch.query, start, length);
    float[] key = read(batch.key, start, length);
    float[] value = read(batch.value, start, length);
    float[] context = new float[length * hiddenSize];
    int headDim = hiddenSize / config.heads();
    // The keys of a head, transposed, so that the innermost loop is over neighbouring elements.
    float[] keys = new float[headDim * length];
    float[] scores = new float[length];
    float scale = (float) (1 / Math.sqrt(headDim));
    for (int head = 0; head < hiddenSize; head += headDim) {
      for (int d = 0; d < headDim; d++) {
        for (int t = 0; t < length; t++) {
          keys[d * length + t] = key[t * hiddenSize + head + d];
        }
      }
      for (int t = 0; t < length; t++) {
        int row = t * hiddenSize + head;
        Arrays.fill(scores, 0);
        for (int d = 0; d < headDim; d++) {
          addScaled(query[row + d] * scale, keys, d * length, scores, 0, length);
        }
        softmax(scores);
        for (int u = 0; u < length; u++) {
          addScaled(scores[u], value, u * hiddenSize + head, context, row, headDim);
        }
      }
    }
    write(context, batch.context, start);
  }

  private static void addScaled(float a, float[] x, int xAt, float[] y, int yAt, int length) {
    for (int i = 0; i < length; i++) {
      y[yAt + i] += a * x[xAt + i];
    }
  }

  private static void softmax(float[] scores) {
    float max = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      max = Math.max(max, score);
    }
    float sum = 0;
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) Math.exp(scores[i] - max);
      sum += scores[i];
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] /= sum;
    }
  }

  private void addAndNormalise(SentenceBatch batch, int sentence, Norm norm) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] hidden = read(batch.hidden, start, length);
    float[] projected = read(batch.projected, start, length);
    addScaled(1, projected, 0, hidden, 0, hidden.length);
    normalise(hidden, norm);
    write(hidden, batch.hidden, start);
  }

  private void normalise(float[] rows, Norm norm) {
    for (int row = 0; row < rows.length; row += hiddenSize) {
      double sum = 0;
      for (int j = 0; j < hiddenSize; j++) {
        sum += rows[row + j];
      }
      double mean = sum / hiddenSize;
      double squares = 0;
      for (int j = 0; j < hiddenSize; j++) {
        double d = rows[row + j] - mean;
        squares += d * d;
      }
      double scale = 1 / Math.sqrt(squares / hiddenSize + config.normEpsilon());
      for (int j = 0; j < hiddenSize; j++) {
        rows[row + j] =
            (float) ((rows[row + j] - mean) * scale) * norm.gamma().get(j) + norm.beta().get(j);
      }
    }
  }

  private float[] pool(SentenceBatch batch, int sentence) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] hidden = read(batch.hidden, start, length);
    float[] mean = new float[hiddenSize];
    for (int t = 0; t < length; t++) {
      addScaled(1, hidden, t * hiddenSize, mean, 0, hiddenSize);
    }
    double squares = 0;
    for (float v : mean) {
      squares += (double) v * v;
    }
    double scale = 1 / Math.sqrt(squares);
    for (int j = 0; j < hiddenSize; j++) {
      mean[j] = (float) (mean[j] * scale);
    }
    return mean;
  }

  private float[] read(Matrix matrix, int row, int rows) {
    float[] values = new float[rows * hiddenSize];
    MemorySegment.copy(
        matrix.segment(), ValueLayout.JAVA_FLOAT, bytes(row), values, 0, values.length);
    return values;
  }

  private void write(float[] values, Matrix matrix, int row) {
    MemorySegment.copy(
        values, 0, matrix.segment(), ValueLayout.JAVA_FLOAT, bytes(row), values.length);
  }

  private long bytes(int rows) {
    return (long) rows * hiddenSize * Float.BYTES;
  }
}
