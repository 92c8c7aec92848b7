package io.sparse24.bench;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.Packed24;
import io.sparse24.api.Scratch;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** spmm24, or gemm with the dense weight. */
final class Multiply implements Workload {
  private final Setup setup;
  private final boolean sparse;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Matrix hostX;
  private final Matrix hostY;
  private final Matrix x;
  private final Matrix y;

  /** The weight as the oracle sees it. */
  private final Matrix dense;

  /** Made here, and closed with this; null if somebody else does. */
  private final @Nullable Weight own;

  private final Packed24[] packed;
  private final Matrix[] weights;
  private final long weightBytes;
  private int next;

  Multiply(Setup setup, boolean sparse) {
    this(setup, sparse, new Weight(setup.session(), setup.dtype(), setup.shape()), true);
  }

  /** The weight stays open as long as this. */
  Multiply(Setup setup, boolean sparse, Weight weight) {
    this(setup, sparse, weight, false);
  }

  private Multiply(Setup setup, boolean sparse, Weight weight, boolean owned) {
    this.setup = setup;
    this.sparse = sparse;
    this.own = owned ? weight : null;
    this.scratch = setup.session().scratch();
    Matrix tokens = Setup.random(arena, setup.m(), setup.k(), setup.xDtype(), 1);
    this.hostX = Setup.quantized(setup.session(), arena, tokens, setup.xDtype());
    this.hostY = Matrix.allocate(arena, setup.m(), setup.n(), setup.yDtype());
    this.x = setup.copy(scratch, hostX);
    this.y = scratch.matrix(setup.m(), setup.n(), setup.yDtype());
    if (sparse) {
      dense = weight.pruned();
      int layout =
          setup
              .session()
              .packedLayout(setup.dtype(), setup.xDtype(), setup.m(), setup.n(), setup.k());
      weightBytes = setup.session().packedBytes(setup.dtype(), layout, setup.n(), setup.k());
      packed = new Packed24[setup.copies(weightBytes)];
      Compressed24 there = scratch.upload(weight.compressed());
      for (int i = 0; i < packed.length; i++) {
        packed[i] = setup.session().pack24(there, layout, scratch.buffer(weightBytes));
      }
      weights = new Matrix[0];
    } else {
      dense = weight.dense();
      packed = new Packed24[0];
      weightBytes = dense.segment().byteSize();
      weights = new Matrix[setup.copies(weightBytes)];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = setup.copy(scratch, dense);
      }
    }
    setup.session().synchronize();
  }

  @Override
  public void run() {
    if (sparse) {
      setup.session().spmm24(x, packed[next], y);
      next = next + 1 == packed.length ? 0 : next + 1;
    } else {
      setup.session().gemm(x, weights[next], y);
      next = next + 1 == weights.length ? 0 : next + 1;
    }
  }

  @Override
  public double bytes() {
    return (double) weightBytes
        + scaleBytes(dense)
        + hostX.segment().byteSize()
        + scaleBytes(hostX)
        + hostY.segment().byteSize();
  }

  private static long scaleBytes(Matrix matrix) {
    Matrix scales = matrix.rowScales();
    return scales == null ? 0 : scales.segment().byteSize();
  }

  @Override
  public double flops() {
    return 2.0 * setup.m() * setup.n() * setup.k();
  }

  @Override
  public double rotatedBytes() {
    return (double) weightBytes * Math.max(packed.length, weights.length);
  }

  /** The activations. */
  Matrix x() {
    return x;
  }

  /** The result. */
  Matrix y() {
    return y;
  }

  /** The weight of the next call of spmm24. */
  Packed24 packed() {
    return packed[next];
  }

  /** The weight of the next call of gemm. */
  Matrix weight() {
    return weights[next];
  }

  @Override
  public double check(Runnable call) {
    setup.poison(y.buffer());
    call.run();
    setup.session().synchronize();
    scratch.download(y, hostY);
    return ProductOracle.check(hostX, dense, hostY);
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
    if (own != null) {
      own.close();
    }
  }
}
