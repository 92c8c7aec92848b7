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
    Matrix values = Setup.random(arena, shape.n(), shape.k(), dtype, 2);
    Compressed24 kept = Compressed24.allocate(arena, shape.n(), shape.k(), values.dtype());
    Pruner.magnitude().prune(session, values, kept);
    Matrix zeroed = Matrix.allocate(arena, shape.n(), shape.k(), values.dtype());
    zeroed.segment().copyFrom(values.segment());
    Operations.zeroDropped(zeroed, kept.mask());
    // The scale of a row is the same without what pruning by magnitude drops.
    dense = Setup.quantized(session, arena, values, dtype);
    pruned = Setup.quantized(session, arena, zeroed, dtype);
    compressed =
        new Compressed24(Setup.quantized(session, arena, kept.values(), dtype), kept.mask());
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
