package io.sparse24.llm;

import io.sparse24.api.AttentionShape;
import io.sparse24.api.DType;
import io.sparse24.api.Layers;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A block of a decoder that is run: attention and MLP over rows behind others of their sequence.
 */
final class DecoderBlock implements AutoCloseable {
  private final Layers layers;
  private final DecoderConfig config;
  private final AttentionShape attention;
  private final Scratch memory;
  private final Matrix attentionNorm;
  private final Matrix mlpNorm;
  private final Map<BlockLinear, ModelLinear> linears = new EnumMap<>(BlockLinear.class);

  /**
   * Keys and values of a sequence.
   *
   * @param keys {@code [capacity, keyCols]}
   * @param values the same
   */
  record Cache(Matrix keys, Matrix values) {}

  /** What lies between the operations, of some rows. */
  record Rows(Matrix x, Matrix normed, Matrix q, Matrix attended, Matrix gate, Matrix up) {
    static Rows allocate(Scratch memory, DecoderConfig config, long rows, DType dtype) {
      return new Rows(
          memory.matrix(rows, config.hiddenSize(), dtype),
          memory.matrix(rows, config.hiddenSize(), dtype),
          memory.matrix(rows, config.queryCols(), dtype),
          memory.matrix(rows, config.queryCols(), dtype),
          memory.matrix(rows, config.intermediateSize(), dtype),
          memory.matrix(rows, config.intermediateSize(), dtype));
    }

    /** The first of them. */
    Rows first(long rows) {
      return new Rows(
          x.rowSlice(0, rows),
          normed.rowSlice(0, rows),
          q.rowSlice(0, rows),
          attended.rowSlice(0, rows),
          gate.rowSlice(0, rows),
          up.rowSlice(0, rows));
    }
  }

  /** Sees what linear layers multiply, before they do. */
  interface Watch {
    /** Looks at nothing. */
    Watch NOTHING = (input, x) -> {};

    /**
     * An input.
     *
     * @param input of which layers
     * @param x rows of it, in the session's memory
     */
    void see(BlockInput input, Matrix x);
  }

  /** Reads its weights. Nothing is left open if that fails. */
  DecoderBlock(
      Session session, ModelWeights source, DecoderConfig config, int layer, DType dtype, long rows)
      throws IOException {
    this.layers = session.layers();
    this.config = config;
    this.attention =
        new AttentionShape(1, config.heads(), config.kvHeads(), config.attentionScale(), true);
    this.memory = session.scratch();
    long hidden = config.hiddenSize();
    try {
      this.attentionNorm =
          source.dense(
              source.weight(Names.attentionNorm(layer) + Names.WEIGHT, hidden), DType.F32, memory);
      this.mlpNorm =
          source.dense(
              source.weight(Names.mlpNorm(layer) + Names.WEIGHT, hidden), DType.F32, memory);
      for (BlockLinear each : BlockLinear.values()) {
        linears.put(
            each,
            source.linear(each.module(layer), each.n(config), each.k(config), dtype, rows, memory));
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Weights that are multiplied as 2:4. */
  int sparseWeights() {
    return (int) linears.values().stream().filter(ModelLinear::isSparse).count();
  }

  /** One of its layers. */
  ModelLinear linear(BlockLinear which) {
    return Objects.requireNonNull(linears.get(which));
  }

  /** Puts another layer in the place of one, which is closed. */
  void replace(BlockLinear which, ModelLinear by) {
    ModelLinear before = linears.put(which, by);
    if (before != null) {
      before.close();
    }
  }

  private void multiply(BlockLinear which, Matrix of, @Nullable Matrix c, Matrix y) {
    linear(which).multiply(of, c, y);
  }

  /** Of some rows, which come behind {@code length} others; x is updated. */
  void forward(Rows at, Cache cache, long length, RopeTable rope, Watch watch) {
    long m = at.x.rows();
    Matrix k = cache.keys.rowSlice(length, length + m);
    layers.rmsnorm(at.x, attentionNorm, config.normEpsilon(), at.normed, null);
    watch.see(BlockInput.ATTENTION, at.normed);
    multiply(BlockLinear.Q, at.normed, null, at.q);
    multiply(BlockLinear.K, at.normed, null, k);
    multiply(BlockLinear.V, at.normed, null, cache.values.rowSlice(length, length + m));
    layers.rope(rope.cosines(), rope.sines(), config.heads(), length, m, false, at.q);
    layers.rope(rope.cosines(), rope.sines(), config.kvHeads(), length, m, false, k);
    layers.attention(attention, length + m, at.q, cache.keys, cache.values, at.attended, null);
    watch.see(BlockInput.ATTENDED, at.attended);
    multiply(BlockLinear.O, at.attended, at.x, at.x);
    layers.rmsnorm(at.x, mlpNorm, config.normEpsilon(), at.normed, null);
    watch.see(BlockInput.MLP, at.normed);
    multiply(BlockLinear.GATE, at.normed, null, at.gate);
    multiply(BlockLinear.UP, at.normed, null, at.up);
    layers.swiglu(at.gate, at.up, at.gate);
    watch.see(BlockInput.ACTIVATED, at.gate);
    multiply(BlockLinear.DOWN, at.gate, at.x, at.x);
  }

  @Override
  public void close() {
    linears.values().forEach(ModelLinear::close);
    memory.close();
  }
}
