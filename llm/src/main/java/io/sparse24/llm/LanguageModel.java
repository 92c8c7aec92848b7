package io.sparse24.llm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.AttentionShape;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Layers;
import io.sparse24.api.Matrix;
import io.sparse24.api.PinnedBuffer;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  private final Session session;
  private final Layers layers;
  private final DecoderConfig config;
  private final DType dtype;
  private final long capacity;
  private final long rows;
  private final Scratch memory;
  private final List<Block> blocks = new ArrayList<>();
  private final Matrix table;
  private final Matrix norm;
  private final Matrix head;
  private final RopeTable rope;
  private final AttentionShape attention;
  private int sparseWeights;

  private final List<PinnedBuffer> pinned = new ArrayList<>();
  private final PinnedBuffer hostIds;
  private final PinnedBuffer hostLogits;
  private final PinnedBuffer hostLosses;
  private final Ids ids;
  private final Ids targets;
  private final Matrix x;
  private final Matrix normed;
  private final Matrix q;
  private final Matrix attended;
  private final Matrix gate;
  private final Matrix up;
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
      Source source = new Source(session, checkpoint, weights);
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

  private static DecoderConfig config(Path path, Checkpoint checkpoint) throws IOException {
    ObjectNode json = checkpoint.config();
    if (json == null) {
      throw new IOException(path + ": has no config.json, name a model's directory");
    }
    return DecoderConfig.of(path, json);
  }

  /** The weights of a checkpoint, by name. */
  private static final class Source {
    private final Session session;
    private final Checkpoint checkpoint;
    private final boolean sparse;
    private final long rank;
    private final Map<String, Weight> weights = new HashMap<>();

    Source(Session session, Checkpoint checkpoint, Weights how) throws IOException {
      this.session = session;
      this.checkpoint = checkpoint;
      this.sparse = how == Weights.SPARSE;
      ObjectNode config = checkpoint.config();
      this.rank = config == null ? 0 : config.path(ModelFiles.ADAPTERS).path("rank").asLong(0);
      checkpoint.weights().forEach(weight -> weights.put(weight.name(), weight));
    }

    Weight weight(String name, long... shape) throws IOException {
      Weight weight = weights.get(name);
      if (weight == null) {
        throw new IOException(checkpoint.path() + ": has no weight '" + name + "'");
      }
      List<Long> wanted = Arrays.stream(shape).boxed().toList();
      if (!weight.info().shape().equals(wanted)) {
        throw new IOException(
            checkpoint.path()
                + ": '"
                + name
                + "' is "
                + weight.info().shapeText()
                + ", config.json says "
                + wanted);
      }
      return weight;
    }

    /** Dense, of a type, in the session's memory. */
    Matrix dense(Weight weight, DType dtype, Scratch memory) throws IOException {
      try (Arena arena = Arena.ofConfined();
          Scratch scratch = session.scratch()) {
        Matrix from;
        if (weight.isCompressed()) {
          Compressed24 compressed = compressed(weight, arena);
          from = scratch.matrix(compressed.n(), compressed.k(), compressed.dtype());
          session.decompress24(scratch.upload(compressed), from);
        } else {
          weight.dtype(); // a type that operations take
          from = scratch.upload(weight.parts().getFirst().matrix(arena));
        }
        Matrix to = memory.matrix(from.rows(), from.cols(), dtype);
        session.cast(from, to);
        session.synchronize();
        return to;
      }
    }

    private Compressed24 compressed(Weight weight, Arena arena) throws IOException {
      List<Long> shape = weight.info().shape();
      Compressed24 out =
          Compressed24.allocate(arena, shape.getFirst(), shape.getLast(), weight.dtype());
      weight.read(out);
      return out;
    }

    ModelLinear linear(String module, long n, long k, DType dtype, long rows, Scratch memory)
        throws IOException {
      Weight weight = weight(module + Names.WEIGHT, n, k);
      Sparse24Matrix packed = packed(weight, dtype);
      ModelLinear linear =
          packed == null
              ? ModelLinear.dense(session, dense(weight, dtype, memory))
              : ModelLinear.sparse(session, packed);
      if (rank > 0 && weights.containsKey(module + Names.ADAPTER_L)) {
        linear.attach(
            new ModelLinear.Adapters(
                dense(weight(module + Names.ADAPTER_L, rank, k), dtype, memory),
                dense(weight(module + Names.ADAPTER_R, n, rank), dtype, memory),
                memory.matrix(rows, rank, dtype)));
      }
      return linear;
    }

    private @Nullable Sparse24Matrix packed(Weight weight, DType dtype) throws IOException {
      if (weight.dtype() != dtype) {
        return null;
      }
      try (Arena arena = Arena.ofConfined()) {
        if (weight.isCompressed()) {
          return Sparse24Matrix.of(session, compressed(weight, arena));
        }
        if (!sparse || weight.info().shape().getLast() % 4 != 0) {
          return null;
        }
        try {
          return Sparse24Matrix.ofDense(session, weight.parts().getFirst().matrix(arena));
        } catch (Sparse24Exception.BadData e) {
          return null; // not 2:4
        }
      }
    }
  }

  private LanguageModel(
      Session session, DecoderConfig config, Source source, long capacity, long rows)
      throws IOException {
    this.session = session;
    this.layers = session.layers();
    this.config = config;
    this.capacity = capacity;
    this.rows = rows;
    this.memory = session.scratch();
    this.attention =
        new AttentionShape(1, config.heads(), config.kvHeads(), config.attentionScale(), true);
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
        blocks.add(new Block(layer, source));
      }
      this.rope = RopeTable.of(config, capacity, session, memory);
      this.hostIds = pinned(rows * Integer.BYTES);
      this.hostLogits = pinned(vocab * dtype.bytes());
      this.hostLosses = pinned(rows * Float.BYTES);
      this.ids = Ids.of(memory.buffer(rows * Integer.BYTES), 0, rows);
      this.targets = Ids.of(memory.buffer(rows * Integer.BYTES), 0, rows);
      this.x = memory.matrix(rows, hidden, dtype);
      this.normed = memory.matrix(rows, hidden, dtype);
      this.q = memory.matrix(rows, config.queryCols(), dtype);
      this.attended = memory.matrix(rows, config.queryCols(), dtype);
      this.gate = memory.matrix(rows, config.intermediateSize(), dtype);
      this.up = memory.matrix(rows, config.intermediateSize(), dtype);
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

  private final class Block implements AutoCloseable {
    private final Matrix attentionNorm;
    private final Matrix mlpNorm;
    private final List<ModelLinear> linears = new ArrayList<>();
    private final Matrix keys = memory.matrix(capacity, config.keyCols(), dtype);
    private final Matrix values = memory.matrix(capacity, config.keyCols(), dtype);

    Block(int layer, Source source) throws IOException {
      long hidden = config.hiddenSize();
      this.attentionNorm =
          source.dense(
              source.weight(Names.attentionNorm(layer) + Names.WEIGHT, hidden), DType.F32, memory);
      this.mlpNorm =
          source.dense(
              source.weight(Names.mlpNorm(layer) + Names.WEIGHT, hidden), DType.F32, memory);
      try {
        for (BlockLinear each : BlockLinear.values()) {
          ModelLinear linear =
              source.linear(
                  each.module(layer), each.n(config), each.k(config), dtype, rows, memory);
          linears.add(linear);
          sparseWeights += linear.isSparse() ? 1 : 0;
        }
      } catch (IOException | RuntimeException e) {
        close();
        throw e;
      }
    }

    private void multiply(BlockLinear which, Matrix of, @Nullable Matrix c, Matrix y) {
      linears.get(which.ordinal()).multiply(of, c, y);
    }

    /** Of some rows, which come behind the {@code length} of before; x is updated. */
    void forward(Rows at) {
      long m = at.x.rows();
      Matrix k = keys.rowSlice(length, length + m);
      layers.rmsnorm(at.x, attentionNorm, config.normEpsilon(), at.normed, null);
      multiply(BlockLinear.Q, at.normed, null, at.q);
      multiply(BlockLinear.K, at.normed, null, k);
      multiply(BlockLinear.V, at.normed, null, values.rowSlice(length, length + m));
      layers.rope(rope.cosines(), rope.sines(), config.heads(), length, m, false, at.q);
      layers.rope(rope.cosines(), rope.sines(), config.kvHeads(), length, m, false, k);
      layers.attention(attention, length + m, at.q, keys, values, at.attended, null);
      multiply(BlockLinear.O, at.attended, at.x, at.x);
      layers.rmsnorm(at.x, mlpNorm, config.normEpsilon(), at.normed, null);
      multiply(BlockLinear.GATE, at.normed, null, at.gate);
      multiply(BlockLinear.UP, at.normed, null, at.up);
      layers.swiglu(at.gate, at.up, at.gate);
      multiply(BlockLinear.DOWN, at.gate, at.x, at.x);
    }

    @Override
    public void close() {
      linears.forEach(ModelLinear::close);
    }
  }

  /** The first rows of all that lies between the operations. */
  private record Rows(Matrix x, Matrix normed, Matrix q, Matrix attended, Matrix gate, Matrix up) {}

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
      forward(tokens, from, m);
      if (from + m == tokens.length) {
        session.gemm(normed.rowSlice(m - 1, m), head, lastLogits);
      }
    }
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
      forward(read, from, m);
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

  private void forward(int[] tokens, int from, int m) {
    copy(tokens, from, m, ids);
    Rows at =
        new Rows(
            x.rowSlice(0, m),
            normed.rowSlice(0, m),
            q.rowSlice(0, m),
            attended.rowSlice(0, m),
            gate.rowSlice(0, m),
            up.rowSlice(0, m));
    layers.embed(Ids.of(ids.buffer(), 0, m), table, at.x);
    for (Block block : blocks) {
      block.forward(at);
    }
    layers.rmsnorm(at.x, norm, config.normEpsilon(), at.normed, null);
    length += m;
  }

  private void rowLosses(int from, int to) {
    int count = to - from;
    Matrix some = logits.rowSlice(0, count);
    session.gemm(normed.rowSlice(from, to), head, some);
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
    blocks.forEach(Block::close);
    pinned.forEach(PinnedBuffer::close);
    memory.close();
  }
}
