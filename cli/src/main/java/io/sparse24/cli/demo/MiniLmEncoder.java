package io.sparse24.cli.demo;

import static io.sparse24.cli.demo.MiniLmWeights.HEADS;
import static io.sparse24.cli.demo.MiniLmWeights.HIDDEN;

import io.sparse24.api.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sentence embeddings: a BERT encoder, the mean over a sentence's tokens, scaled to length 1. The
 * linear layers run on the session they were made with; what lies between them is plain Java, the
 * sentences in parallel.
 */
final class MiniLmEncoder {
  private static final int HEAD = HIDDEN / HEADS;
  private static final int PER_BLOCK = 6;
  private static final double EPSILON = 1e-12;

  private final MiniLmWeights weights;
  private final List<Linear> linears;
  private final Probe probe;

  /** Watches the linear layers run. */
  interface Probe {
    /** Sees nothing. */
    Probe NONE = (layer, x) -> {};

    /** A layer is about to run on the input {@code [tokens, k]}. */
    void before(int layer, Matrix x);

    /** It has run. */
    default void after(int layer) {}
  }

  /**
   * An encoder.
   *
   * @param weights everything but the linear layers
   * @param linears those, in the order of {@link MiniLmWeights#layers}
   * @param probe watches them
   */
  MiniLmEncoder(MiniLmWeights weights, List<Linear> linears, Probe probe) {
    this.weights = weights;
    this.linears = linears;
    this.probe = probe;
  }

  /**
   * Embeds sentences.
   *
   * @param batch the sentences
   * @return one row of {@code HIDDEN} elements and length 1 for each
   */
  float[][] embed(Batch batch) {
    eachSentence(batch, s -> embedTokens(batch, s));
    for (int b = 0; b < weights.blocks().size(); b++) {
      MiniLmWeights.Block block = weights.blocks().get(b);
      int layer = b * PER_BLOCK;
      linear(layer, batch.hidden, batch.query);
      linear(layer + 1, batch.hidden, batch.key);
      linear(layer + 2, batch.hidden, batch.value);
      eachSentence(batch, s -> attend(batch, s));
      linear(layer + 3, batch.context, batch.projected);
      eachSentence(batch, s -> addAndNormalise(batch, s, block.attentionNorm()));
      linear(layer + 4, batch.hidden, batch.intermediate);
      linear(layer + 5, batch.intermediate, batch.projected);
      eachSentence(batch, s -> addAndNormalise(batch, s, block.outputNorm()));
    }
    float[][] embeddings = new float[batch.sentences()][];
    eachSentence(batch, s -> embeddings[s] = pool(batch, s));
    return embeddings;
  }

  private interface Sentence {
    void run(int sentence);
  }

  private static void eachSentence(Batch batch, Sentence work) {
    IntStream.range(0, batch.sentences()).parallel().forEach(work::run);
  }

  private void linear(int layer, Matrix x, Matrix y) {
    probe.before(layer, x);
    linears.get(layer).apply(x, y);
    probe.after(layer);
  }

  private void embedTokens(Batch batch, int sentence) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] hidden = new float[length * HIDDEN];
    for (int t = 0; t < length; t++) {
      int word = batch.id(start + t) * HIDDEN;
      for (int j = 0; j < HIDDEN; j++) {
        hidden[t * HIDDEN + j] =
            weights.words().get(word + j)
                + weights.tokenType().get(j)
                + weights.positions().get(t * HIDDEN + j);
      }
    }
    normalise(hidden, weights.embeddingNorm());
    write(hidden, batch.hidden, start);
  }

  private static void attend(Batch batch, int sentence) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] query = read(batch.query, start, length);
    float[] key = read(batch.key, start, length);
    float[] value = read(batch.value, start, length);
    float[] context = new float[length * HIDDEN];
    // The keys of a head, transposed, so that the innermost loop is over neighbouring elements.
    float[] keys = new float[HEAD * length];
    float[] scores = new float[length];
    float scale = (float) (1 / Math.sqrt(HEAD));
    for (int head = 0; head < HIDDEN; head += HEAD) {
      for (int d = 0; d < HEAD; d++) {
        for (int t = 0; t < length; t++) {
          keys[d * length + t] = key[t * HIDDEN + head + d];
        }
      }
      for (int t = 0; t < length; t++) {
        int row = t * HIDDEN + head;
        Arrays.fill(scores, 0);
        for (int d = 0; d < HEAD; d++) {
          addScaled(query[row + d] * scale, keys, d * length, scores, 0, length);
        }
        softmax(scores);
        for (int u = 0; u < length; u++) {
          addScaled(scores[u], value, u * HIDDEN + head, context, row, HEAD);
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

  private static void addAndNormalise(Batch batch, int sentence, MiniLmWeights.Norm norm) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] hidden = read(batch.hidden, start, length);
    float[] projected = read(batch.projected, start, length);
    addScaled(1, projected, 0, hidden, 0, hidden.length);
    normalise(hidden, norm);
    write(hidden, batch.hidden, start);
  }

  private static void normalise(float[] rows, MiniLmWeights.Norm norm) {
    for (int row = 0; row < rows.length; row += HIDDEN) {
      double sum = 0;
      for (int j = 0; j < HIDDEN; j++) {
        sum += rows[row + j];
      }
      double mean = sum / HIDDEN;
      double squares = 0;
      for (int j = 0; j < HIDDEN; j++) {
        double d = rows[row + j] - mean;
        squares += d * d;
      }
      double scale = 1 / Math.sqrt(squares / HIDDEN + EPSILON);
      for (int j = 0; j < HIDDEN; j++) {
        rows[row + j] =
            (float) ((rows[row + j] - mean) * scale) * norm.gamma().get(j) + norm.beta().get(j);
      }
    }
  }

  private static float[] pool(Batch batch, int sentence) {
    int start = batch.start(sentence);
    int length = batch.start(sentence + 1) - start;
    float[] hidden = read(batch.hidden, start, length);
    float[] mean = new float[HIDDEN];
    for (int t = 0; t < length; t++) {
      addScaled(1, hidden, t * HIDDEN, mean, 0, HIDDEN);
    }
    double squares = 0;
    for (float v : mean) {
      squares += (double) v * v;
    }
    double scale = 1 / Math.sqrt(squares);
    for (int j = 0; j < HIDDEN; j++) {
      mean[j] = (float) (mean[j] * scale);
    }
    return mean;
  }

  private static float[] read(Matrix matrix, int row, int rows) {
    float[] values = new float[rows * HIDDEN];
    MemorySegment.copy(
        matrix.segment(), ValueLayout.JAVA_FLOAT, bytes(row), values, 0, values.length);
    return values;
  }

  private static void write(float[] values, Matrix matrix, int row) {
    MemorySegment.copy(
        values, 0, matrix.segment(), ValueLayout.JAVA_FLOAT, bytes(row), values.length);
  }

  private static long bytes(int rows) {
    return (long) rows * HIDDEN * Float.BYTES;
  }
}
