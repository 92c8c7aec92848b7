package io.sparse24.llm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Layers;
import io.sparse24.api.Matrix;
import io.sparse24.api.PinnedBuffer;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A decoder of the Llama family from a Hugging Face directory, run with a cache of keys and values
 * for one sequence. Weights that are stored as 2:4 are multiplied as such, dense ones dense; {@link
 * Weights#SPARSE} takes dense ones that are 2:4 as such too. Activations are of the type of the
 * embedding's table, to which other weights are brought; norms are of F32.
 */
public final class LanguageModel implements AutoCloseable {
  /** How dense weights are taken. */
  public enum Weights {
    /** As they are stored. */
    AS_STORED,
    /** Those of the blocks that are 2:4 are multiplied as such. */
    SPARSE
  }

  /** Rows whose logits are there at a time: of a large vocabulary they are large. */
  private static final int LOSS_ROWS = 128;

  private static final BlockOutputs NO_BLOCK_OUTPUTS = (block, x) -> {};

  private final Session session;
  private final Layers layers;
  private final DecoderConfig config;
  private final DType dtype;
  private final long capacity;
  private final long rows;
  private final Scratch memory;
  private final List<DecoderBlock> blocks = new ArrayList<>();
  private final List<DecoderBlock.Cache> caches = new ArrayList<>();
  private final Matrix table;
  private final Matrix norm;
  private final Matrix head;
  private final RopeTable rope;
  private int sparseWeights;

  private final List<PinnedBuffer> pinned = new ArrayList<>();
  private final PinnedBuffer hostIds;
  private final PinnedBuffer hostLogits;
  private final PinnedBuffer hostLosses;
  private final Ids ids;
  private final Ids targets;
  private final DecoderBlock.Rows activations;
  private final Matrix lastLogits; // of one row
  private final Matrix logits; // of some rows, for losses
  private final Matrix losses;
  private long length;

  /**
   * Reads a model.
   *
   * @param session computes
   * @param path its directory
   * @param weights how dense weights are taken
   * @param capacity most tokens of a sequence, which the cache has room for; 0 for as many as the
   *     model knows positions
   * @param rows most tokens that are computed at a time; more are computed one part after the other
   * @return closed by the caller, before the session
   * @throws IOException if it can't be read, or is of no such model
   */
  public static LanguageModel open(
      Session session, Path path, Weights weights, long capacity, long rows) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      DecoderConfig config = config(path, checkpoint);
      long positions = capacity == 0 ? config.maxPositions() : capacity;
      if (positions > config.maxPositions()) {
        throw new IOException(
            path
                + ": knows "
                + config.maxPositions()
                + " positions, not "
                + positions
                + "; ask for fewer tokens");
      }
      ModelWeights source = new ModelWeights(session, checkpoint, weights == Weights.SPARSE);
      return new LanguageModel(session, config, source, positions, Math.clamp(rows, 1, positions));
    }
  }

  /**
   * The shape of a model, without its weights.
   *
   * @param path its directory
   * @return its config
   * @throws IOException if it can't be read, or is of no such model
   */
  public static DecoderConfig config(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return config(path, checkpoint);
    }
  }

  static DecoderConfig config(Path path, Checkpoint checkpoint) throws IOException {
    ObjectNode json = checkpoint.config();
    if (json == null) {
      throw new IOException(path + ": has no config.json, name a model's directory");
    }
    return DecoderConfig.of(path, json);
  }

  private LanguageModel(
      Session session, DecoderConfig config, ModelWeights source, long capacity, long rows)
      throws IOException {
    this.session = session;
    this.layers = session.layers();
    this.config = config;
    this.capacity = capacity;
    this.rows = rows;
    this.memory = session.scratch();
    try {
      long vocab = config.vocabSize();
      long hidden = config.hiddenSize();
      Weight embedding = source.weight(Names.EMBEDDING + Names.WEIGHT, vocab, hidden);
      this.dtype = embedding.dtype();
      this.table = source.dense(embedding, dtype, memory);
      this.head =
          config.tieEmbeddings()
              ? table
              : source.dense(
                  source.weight(Names.HEAD + Names.WEIGHT, vocab, hidden), dtype, memory);
      this.norm = source.dense(source.weight(Names.NORM + Names.WEIGHT, hidden), DType.F32, memory);
      for (int layer = 0; layer < config.layers(); layer++) {
        DecoderBlock block = new DecoderBlock(session, source, config, layer, dtype, rows);
        blocks.add(block);
        sparseWeights += block.sparseWeights();
        caches.add(
            new DecoderBlock.Cache(
                memory.matrix(capacity, config.keyCols(), dtype),
                memory.matrix(capacity, config.keyCols(), dtype)));
      }
      this.rope = RopeTable.of(config, capacity, session, memory);
      this.hostIds = pinned(rows * Integer.BYTES);
      this.hostLogits = pinned(vocab * dtype.bytes());
      this.hostLosses = pinned(rows * Float.BYTES);
      this.ids = Ids.of(memory.buffer(rows * Integer.BYTES), 0, rows);
      this.targets = Ids.of(memory.buffer(rows * Integer.BYTES), 0, rows);
      this.activations = DecoderBlock.Rows.allocate(memory, config, rows, dtype);
      this.lastLogits = memory.matrix(1, vocab, dtype);
      this.logits = memory.matrix(Math.min(rows, LOSS_ROWS), vocab, dtype);
      this.losses = memory.matrix(1, rows, DType.F32);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private PinnedBuffer pinned(long bytes) {
    PinnedBuffer buffer = session.allocateHost(bytes);
    pinned.add(buffer);
    return buffer;
  }

  /**
   * Its shape.
   *
   * @return the config
   */
  public DecoderConfig config() {
    return config;
  }

  /**
   * Type of activations and weights.
   *
   * @return F32, BF16 or F16
   */
  public DType dtype() {
    return dtype;
  }

  /**
   * Weights that are multiplied as 2:4.
   *
   * @return how many
   */
  public int sparseWeights() {
    return sparseWeights;
  }

  /**
   * Most tokens of a sequence.
   *
   * @return as it was opened with
   */
  public long capacity() {
    return capacity;
  }

  /**
   * Tokens of the sequence until now.
   *
   * @return how many
   */
  public long length() {
    return length;
  }

  /** Begins a new sequence. */
  public void clear() {
    length = 0;
  }

  /**
   * Goes on with the sequence.
   *
   * @param tokens what comes next, at least one
   * @return the logits of what follows the last one, as many as the vocabulary has
   * @throws IllegalArgumentException if a token is none, or there are too many
   */
  public float[] append(int... tokens) {
    check(tokens);
    for (int from = 0; from < tokens.length; from += (int) rows) {
      int m = (int) Math.min(rows, tokens.length - from);
      forward(tokens, from, m, NO_BLOCK_OUTPUTS);
      if (from + m == tokens.length) {
        return logitsOf(m - 1);
      }
    }
    throw new AssertionError("at least one token was checked");
  }

  /** Of a row that was just computed. */
  private float[] logitsOf(int at) {
    session.gemm(activations.normed().rowSlice(at, at + 1L), head, lastLogits);
    session.copy(lastLogits.buffer(), hostLogits);
    float[] row = new float[config.vocabSize()];
    for (int j = 0; j < row.length; j++) {
      row[j] = dtype.get(hostLogits.segment(), (long) j * dtype.bytes());
    }
    return row;
  }

  /**
   * The loss of each token of a new sequence but the first: the negative logarithm of the
   * probability that those before it give it.
   *
   * @param tokens the sequence, at least two
   * @return one less, nats
   */
  public double[] losses(int... tokens) {
    if (tokens.length < 2) {
      throw new IllegalArgumentException("tokens: are " + tokens.length + ", must be at least 2");
    }
    clear();
    int[] read = Arrays.copyOf(tokens, tokens.length - 1);
    check(read);
    double[] all = new double[read.length];
    for (int from = 0; from < read.length; from += (int) rows) {
      int m = (int) Math.min(rows, read.length - from);
      forward(read, from, m, NO_BLOCK_OUTPUTS);
      copy(tokens, from + 1, m, targets);
      for (int first = 0; first < m; first += LOSS_ROWS) {
        rowLosses(first, Math.min(m, first + LOSS_ROWS));
      }
      session.copy(losses.buffer(), hostLosses);
      for (int i = 0; i < m; i++) {
        all[from + i] = DType.F32.get(hostLosses.segment(), (long) i * Float.BYTES);
      }
    }
    return all;
  }

  /**
   * What the model takes for the likeliest token behind each of a new sequence.
   *
   * @param tokens the sequence, at least one
   * @return as many tokens; of equally likely ones the first
   */
  public int[] predictions(int... tokens) {
    clear();
    check(tokens);
    int[] all = new int[tokens.length];
    for (int from = 0; from < tokens.length; from += (int) rows) {
      int m = (int) Math.min(rows, tokens.length - from);
      forward(tokens, from, m, NO_BLOCK_OUTPUTS);
      for (int i = 0; i < m; i++) {
        all[from + i] = largest(logitsOf(i));
      }
    }
    return all;
  }

  /** Receives what the blocks give. */
  public interface BlockOutputs {
    /**
     * The output of a block.
     *
     * @param block its number, from 0
     * @param x {@code [tokens, hidden size]} in host memory, until this returns
     */
    void of(int block, Matrix x);
  }

  /**
   * Runs a new sequence and shows what each block gives.
   *
   * @param tokens the sequence, at least one and at most as many as are computed at a time
   * @param to called for each block in turn
   */
  public void blockOutputs(int[] tokens, BlockOutputs to) {
    clear();
    check(tokens);
    if (tokens.length > rows) {
      throw new IllegalArgumentException(
          "tokens: are " + tokens.length + ", must be at most " + rows);
    }
    try (Arena arena = Arena.ofConfined()) {
      Matrix host = Matrix.allocate(arena, tokens.length, config.hiddenSize(), dtype);
      forward(
          tokens,
          0,
          tokens.length,
          (block, x) -> {
            try (Scratch copies = session.scratch()) {
              copies.download(x, host);
              session.synchronize();
            }
            to.of(block, host);
          });
    }
  }

  /** Of equal ones the first. */
  static int largest(float[] of) {
    int largest = 0;
    for (int i = 1; i < of.length; i++) {
      if (of[i] > of[largest]) {
        largest = i;
      }
    }
    return largest;
  }

  private void check(int[] tokens) {
    if (tokens.length == 0 || length + tokens.length > capacity) {
      throw new IllegalArgumentException(
          "tokens: are "
              + tokens.length
              + " behind "
              + length
              + ", must be at least 1 and at most "
              + capacity
              + " in all");
    }
    for (int token : tokens) {
      if (token < 0 || token >= config.vocabSize()) {
        throw new IllegalArgumentException(
            "tokens: " + token + " is none, must be less than " + config.vocabSize());
      }
    }
  }

  private void copy(int[] tokens, int from, int count, Ids to) {
    session.synchronize(); // an earlier copy may still read
    for (int i = 0; i < count; i++) {
      hostIds.segment().setAtIndex(ValueLayout.JAVA_INT, i, tokens[from + i]);
    }
    session.copyAsync(hostIds, to.buffer());
  }

  private void forward(int[] tokens, int from, int m, BlockOutputs to) {
    copy(tokens, from, m, ids);
    DecoderBlock.Rows at = activations.first(m);
    layers.embed(Ids.of(ids.buffer(), 0, m), table, at.x());
    for (int layer = 0; layer < blocks.size(); layer++) {
      blocks.get(layer).forward(at, caches.get(layer), length, rope, DecoderBlock.Watch.NOTHING);
      to.of(layer, at.x());
    }
    layers.rmsnorm(at.x(), norm, config.normEpsilon(), at.normed(), null);
    length += m;
  }

  private void rowLosses(int from, int to) {
    int count = to - from;
    Matrix some = logits.rowSlice(0, count);
    session.gemm(activations.normed().rowSlice(from, to), head, some);
    layers.crossEntropy(
        some,
        Ids.of(targets.buffer(), (long) from * Integer.BYTES, count),
        1,
        Matrix.of(losses.buffer(), (long) from * Float.BYTES, 1, count, count, DType.F32),
        null);
  }

  /** Frees its memory. A second call does nothing. */
  @Override
  public void close() {
    blocks.forEach(DecoderBlock::close);
    pinned.forEach(PinnedBuffer::close);
    memory.close();
  }
}
