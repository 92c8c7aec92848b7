package io.sparse24.bench;

import io.sparse24.Pruner;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Packed24;
import io.sparse24.api.Scratch;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.util.Random;

/** spmm24, or gemm with the dense weight. */
final class Multiply implements Workload {
  /** Random places that are checked, besides the corners. */
  private static final int SAMPLES = 256;

  /** Columns at each end of the first and the last row that are checked: where a tail would be. */
  private static final int CORNER = 32;

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

  private final Packed24[] packed;
  private final Matrix[] weights;
  private final long weightBytes;
  private int next;

  Multiply(Setup setup, boolean sparse) {
    this.setup = setup;
    this.sparse = sparse;
    this.scratch = setup.session().scratch();
    Matrix tokens = Setup.random(arena, setup.m(), setup.k(), setup.xDtype(), 1);
    this.hostX = setup.quantized(arena, tokens, setup.xDtype());
    this.hostY = Matrix.allocate(arena, setup.m(), setup.n(), setup.yDtype());
    this.x = setup.copy(scratch, hostX);
    this.y = scratch.matrix(setup.m(), setup.n(), setup.yDtype());
    Matrix w = Setup.random(arena, setup.n(), setup.k(), setup.dtype(), 2);
    if (sparse) {
      Compressed24 pruned = Compressed24.allocate(arena, setup.n(), setup.k(), w.dtype());
      Pruner.magnitude().prune(setup.session(), w, pruned);
      Compressed24 compressed =
          new Compressed24(setup.quantized(arena, pruned.values(), setup.dtype()), pruned.mask());
      int layout =
          setup
              .session()
              .packedLayout(setup.dtype(), setup.xDtype(), setup.m(), setup.n(), setup.k());
      weightBytes = setup.session().packedBytes(setup.dtype(), layout, setup.n(), setup.k());
      packed = new Packed24[setup.copies(weightBytes)];
      Compressed24 there = scratch.upload(compressed);
      for (int i = 0; i < packed.length; i++) {
        packed[i] = setup.session().pack24(there, layout, scratch.buffer(weightBytes));
      }
      weights = new Matrix[0];
      // The scale of a row is the same without its zeros.
      Operations.zeroDropped(w, compressed.mask());
      dense = setup.quantized(arena, w, setup.dtype());
    } else {
      packed = new Packed24[0];
      dense = setup.quantized(arena, w, setup.dtype());
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
    Random random = new Random(3);
    DType result = setup.yDtype();
    Errors errors =
        new Errors(
            setup.xDtype() == DType.I8
                ? Tolerance.integerGemm(result, setup.k(), 1)
                : Tolerance.gemm(result, setup.k(), 1));
    for (int s = 0; s < SAMPLES; s++) {
      check(random.nextLong(setup.m()), random.nextLong(setup.n()), errors);
    }
    for (long j = 0; j < Math.min(CORNER, setup.n()); j++) {
      check(0, j, errors);
      check(setup.m() - 1, j, errors);
      check(0, setup.n() - 1 - j, errors);
      check(setup.m() - 1, setup.n() - 1 - j, errors);
    }
    return errors.relative();
  }

  private void check(long i, long j, Errors errors) {
    double expected = 0;
    for (long p = 0; p < setup.k(); p++) {
      expected += (double) hostX.get(i, p) * dense.get(j, p);
    }
    errors.add("y", i, j, expected * scale(hostX, i) * scale(dense, j), hostY.get(i, j));
  }

  private static double scale(Matrix matrix, long row) {
    Matrix scales = matrix.rowScales();
    return scales == null ? 1 : scales.get(0, row);
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
