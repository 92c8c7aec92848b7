package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/**
 * Squared column norms of a layer's inputs, gathered batch by batch as Wanda defines them: the
 * running mean over sequences of {@code ‖X[:, j]‖²}. The activations themselves are not kept.
 *
 * {@snippet file="io/sparse24/examples/WandaExample.java" region="wanda"}
 */
public final class ColumnNorms implements AutoCloseable {
  private static final long MAX_EXTENT = 1L << 40;

  private final Session session;
  private final Scratch scratch;
  private final Matrix squared;
  private long sequences;

  /**
   * Without any batch yet.
   *
   * @param session gathers them
   * @param k inputs of the layer
   */
  public ColumnNorms(Session session, long k) {
    if (k < 0 || k > MAX_EXTENT) {
      throw new IllegalArgumentException("k: is " + k + ", must be between 0 and 2^40");
    }
    this.session = session;
    this.scratch = session.scratch();
    this.squared = scratch.matrix(1, k, DType.F32);
    try (Arena arena = Arena.ofConfined()) {
      put(Matrix.allocate(arena, 1, k, DType.F32));
    }
  }

  /**
   * From norms that are known already.
   *
   * @param session will use them
   * @param norms host matrix {@code [1, k]} of column L2 norms, not squared, at least 0
   * @return the norms
   */
  public static ColumnNorms ofNorms(Session session, Matrix norms) {
    if (norms.rows() != 1) {
      throw new IllegalArgumentException("norms: is " + norms + ", must have one row");
    }
    ColumnNorms result = new ColumnNorms(session, norms.cols());
    try (Arena arena = Arena.ofConfined()) {
      Matrix squares = Matrix.allocate(arena, 1, norms.cols(), DType.F32);
      for (long j = 0; j < norms.cols(); j++) {
        float v = norms.get(0, j);
        if (!(v >= 0 && Float.isFinite(v * v))) {
          result.close();
          throw new IllegalArgumentException(
              "norms: [" + j + "] is " + v + ", must be at least 0 and finite when squared");
        }
        squares.set(0, j, v * v);
      }
      result.put(squares);
    }
    result.sequences = 1;
    return result;
  }

  private void put(Matrix host) {
    session.copy(host.buffer(), squared.buffer());
  }

  /**
   * Adds a batch.
   *
   * @param x inputs of the layer {@code [tokens, k]}, in host memory
   * @param batch how many sequences they are, at least 1
   */
  public void add(Matrix x, long batch) {
    try (Scratch copies = session.scratch()) {
      accumulate(copies.upload(x), batch);
    }
  }

  /**
   * Adds a batch of what a router sent to an expert: {@code ‖X[:, j] ⊙ g‖²}.
   *
   * @param x inputs of the expert {@code [tokens, k]}, in host memory
   * @param router the weight g of the expert for each token, 0 for one that it did not get
   * @param batch how many sequences they are, at least 1
   */
  public void addRouted(Matrix x, float[] router, long batch) {
    if (router.length != x.rows()) {
      throw new IllegalArgumentException(
          "router: has "
              + router.length
              + " weights, must have one for each of x's rows, "
              + x.rows());
    }
    try (Arena arena = Arena.ofConfined()) {
      Matrix weighed = Matrix.allocate(arena, x.rows(), x.cols(), DType.F32);
      for (int i = 0; i < router.length; i++) {
        float weight = router[i];
        if (!Float.isFinite(weight)) {
          throw new IllegalArgumentException(
              "router: [" + i + "] is " + weight + ", must be finite");
        }
        for (long j = 0; j < x.cols(); j++) {
          weighed.set(i, j, weight == 0 ? 0 : weight * x.get(i, j));
        }
      }
      add(weighed, batch);
    }
  }

  /**
   * Adds a batch that is in the session's memory.
   *
   * @param x inputs of the layer {@code [tokens, k]}
   * @param batch how many sequences they are, at least 1
   */
  public void accumulate(Matrix x, long batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch: is " + batch + ", must be at least 1 sequence");
    }
    double total = (double) sequences + batch;
    session.accumulateNorms(x, squared, (float) (sequences / total), (float) (1 / total));
    sequences += batch;
  }

  /**
   * The running means, in the session's memory.
   *
   * @return {@code [1, k]} F32
   */
  public Matrix squared() {
    return squared;
  }

  /**
   * How many sequences were added.
   *
   * @return at least 0
   */
  public long sequences() {
    return sequences;
  }

  /** Frees the memory. A second call does nothing. */
  @Override
  public void close() {
    scratch.close();
  }
}
