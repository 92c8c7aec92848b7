package io.sparse24.bench.peers;

import com.github.tjake.jlama.tensor.operations.NativeSimdTensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;

/** Jlama's kernels in C. */
public final class JlamaNative implements Peer {
  private final TensorOperations operations;

  /** Loads the library. */
  public JlamaNative() {
    operations = new NativeSimdTensorOperations();
    Jlama.check(operations);
  }

  @Override
  public String name() {
    return "Jlama native";
  }

  @Override
  public String version() {
    return Versions.of("com.github.tjake", "jlama-native");
  }

  @Override
  public boolean multiplies(DType dtype, long k) {
    return Jlama.multiplies(dtype, k);
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    return new Jlama(operations, x, w, copies, threads);
  }
}
