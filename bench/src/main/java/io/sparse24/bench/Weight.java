package io.sparse24.bench;

import io.sparse24.Pruner;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/**
 * A random weight in host memory, made once for all products that are measured beside each other.
 */
final class Weight implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final Matrix dense;
  private final Matrix pruned;
  private final Compressed24 compressed;

  Weight(Session session, DType dtype, Shape shape) {
    dense = Matrix.allocate(arena, shape.n(), shape.k(), dtype);
    new Gaussian(2).fill(dense);
    compressed = Compressed24.allocate(arena, shape.n(), shape.k(), dtype);
    Pruner.magnitude().prune(session, dense, compressed);
    pruned = Matrix.allocate(arena, shape.n(), shape.k(), dtype);
    pruned.segment().copyFrom(dense.segment());
    Operations.zeroDropped(pruned, compressed.mask());
  }

  /** All values. */
  Matrix dense() {
    return dense;
  }

  /** What is kept, and zeros. */
  Matrix pruned() {
    return pruned;
  }

  /** What is kept. */
  Compressed24 compressed() {
    return compressed;
  }

  @Override
  public void close() {
    arena.close();
  }
}
