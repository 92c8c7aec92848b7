package io.sparse24.bench.peers;

import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A product with weights as they lie in W, or as somebody packed them, copied. */
abstract class CopiedWeights implements Peer.Product {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] weights;
  private final Matrix y;
  private int next;

  CopiedWeights(Matrix x, Matrix w, int copies) {
    this(x, w, w.segment(), copies);
  }

  CopiedWeights(Matrix x, Matrix w, MemorySegment packed, int copies) {
    y = Matrix.allocate(arena, x.rows(), w.rows(), x.dtype());
    weights = new MemorySegment[copies];
    for (int i = 0; i < copies; i++) {
      weights[i] = arena.allocate(packed.byteSize(), 64).copyFrom(packed);
    }
  }

  abstract void multiply(MemorySegment weight);

  @Override
  public final void run() {
    multiply(weights[next]);
    next = next + 1 == weights.length ? 0 : next + 1;
  }

  @Override
  public final Matrix y() {
    return y;
  }

  @Override
  public void close() {
    arena.close();
  }
}
