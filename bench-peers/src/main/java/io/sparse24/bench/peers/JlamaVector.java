package io.sparse24.bench.peers;

import com.github.tjake.jlama.tensor.operations.PanamaTensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.util.MachineSpec;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;

/** Jlama's kernels in Java, by the Vector API. */
public final class JlamaVector implements Peer {
  private final TensorOperations operations;

  /** Finds out what the machine has. */
  public JlamaVector() {
    operations = new PanamaTensorOperations(MachineSpec.VECTOR_TYPE);
    Jlama.check(operations);
  }

  @Override
  public String name() {
    return "Jlama Vector API";
  }

  @Override
  public String version() {
    return Versions.of("com.github.tjake", "jlama-core");
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
