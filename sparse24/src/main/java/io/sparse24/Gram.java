package io.sparse24;

import io.sparse24.api.Activation;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.bindings.Lapack;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The Gram matrix Σ XᵀX of a layer's inputs, gathered batch by batch in F32, for methods that need
 * to know how inputs depend on each other. The inputs themselves are not kept; its {@code k²}
 * elements are.
 */
public final class Gram implements AutoCloseable {
  private static final Epilogue ADD = new Epilogue(1, 1, null, Activation.NONE);

  private final Session session;
  private final Scratch memory;
  private final Arena arena = Arena.ofShared();
  private final Matrix sum;
  private final Map<Class<?>, Object> derived = new HashMap<>();
  private long tokens;

  /**
   * Without any batch yet.
   *
   * @param session gathers it
   * @param k inputs of the layer, 1 to 32768
   * @throws Sparse24Exception.Unsupported as {@link #requireLapack}
   */
  public Gram(Session session, long k) {
    requireLapack();
    if (k < 1 || k > Lapack.MAX_N) {
      throw new IllegalArgumentException(
          "k: is " + k + ", must be between 1 and " + Lapack.MAX_N + " for a Gram matrix");
    }
    this.session = session;
    this.memory = session.scratch();
    this.sum = memory.matrix(k, k, DType.F32);
  }

  /**
   * Fails before any work is done if there is no LAPACK, without which nothing can be made of a
   * Gram matrix, nor of a low-rank term; see {@link Lapack#open} for where it is looked for.
   *
   * @throws Sparse24Exception.Unsupported with the places that were looked at
   */
  public static void requireLapack() {
    Symmetric.lapack();
  }

  /**
   * Adds a batch.
   *
   * @param x inputs of the layer {@code [tokens, k]}, in host memory
   */
  public void add(Matrix x) {
    try (Scratch copies = session.scratch()) {
      accumulate(copies.upload(x));
    }
  }

  /**
   * Adds a batch that is in the session's memory.
   *
   * @param x inputs of the layer {@code [tokens, k]} of F32, BF16 or F16
   */
  public void accumulate(Matrix x) {
    if (x.cols() != k()) {
      throw new IllegalArgumentException("x: is " + x + ", must have " + k() + " columns");
    }
    derived.clear();
    try (Scratch copies = session.scratch()) {
      Matrix wide = copies.matrix(x.rows(), x.cols(), DType.F32);
      session.cast(x, wide);
      Matrix transposed = copies.matrix(x.cols(), x.rows(), DType.F32);
      session.transpose(wide, transposed);
      if (tokens == 0) {
        session.gemm(transposed, transposed, sum);
      } else {
        session.gemm(transposed, transposed, sum, sum, ADD);
      }
      session.synchronize();
    }
    tokens += x.rows();
  }

  /**
   * From here on inputs are in another order.
   *
   * @param order for each place the input that goes there, {@link #k} of them, see {@link
   *     ChannelOrder}
   * @throws IllegalArgumentException if it is no order of k inputs
   */
  public void reorder(int[] order) {
    int[] sorted = order.clone();
    Arrays.sort(sorted);
    if (!Arrays.equals(sorted, IntStream.range(0, k()).toArray())) {
      throw new IllegalArgumentException("order: must have each of 0 to " + (k() - 1) + " once");
    }
    derived.clear();
    try (Scratch copies = session.scratch();
        Arena hosts = Arena.ofShared()) {
      Matrix before = Matrix.allocate(hosts, k(), k(), DType.F32);
      Matrix after = Matrix.allocate(hosts, k(), k(), DType.F32);
      copies.download(sum, before);
      session.synchronize();
      for (int i = 0; i < k(); i++) {
        for (int j = 0; j < k(); j++) {
          after.set(i, j, before.get(order[i], order[j]));
        }
      }
      session.copy(after.buffer(), sum.buffer());
      session.synchronize();
    }
  }

  /**
   * Inputs of the layer.
   *
   * @return k
   */
  public int k() {
    return (int) sum.cols();
  }

  /**
   * How many tokens were added.
   *
   * @return at least 0
   */
  public long tokens() {
    return tokens;
  }

  /**
   * What a method computes of the matrix once for all weights that multiply these inputs; kept
   * until more is added.
   *
   * @param type of the result, by which it is found again
   * @param compute of this matrix; matrices that live as long as it go to {@link #arena}
   */
  <T> T once(Class<T> type, Function<Gram, T> compute) {
    if (tokens == 0) {
      throw new IllegalStateException("gram: nothing was added to it yet");
    }
    Object found = derived.get(type);
    if (found == null) {
      found = compute.apply(this);
      derived.put(type, found);
    }
    return type.cast(found);
  }

  Arena arena() {
    return arena;
  }

  /** In float64 on the host. */
  Symmetric symmetric(Arena where) {
    Matrix host = Matrix.allocate(where, k(), k(), DType.F32);
    memory.download(sum, host);
    session.synchronize();
    Symmetric wide = Symmetric.allocate(where, k());
    for (int i = 0; i < k(); i++) {
      for (int j = i; j < k(); j++) {
        float value = host.get(i, j);
        if (!Float.isFinite(value)) {
          throw new Sparse24Exception.BadData(
              "gram: [" + i + ", " + j + "] is " + value + ": inputs are too large or not finite");
        }
        wide.set(i, j, value);
      }
    }
    return wide;
  }

  /** Frees the memory. A second call does nothing. */
  @Override
  public void close() {
    memory.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
