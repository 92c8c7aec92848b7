package io.sparse24.bench;

import io.sparse24.Pruner;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.Packed24;
import io.sparse24.api.Scratch;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.util.Random;

/** spmm24, or gemm with the dense weight. */
final class Multiply implements Workload {
  private static final int SAMPLES = 256;

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
    this.hostX = setup.random(arena, setup.m(), setup.k(), 1);
    this.hostY = Matrix.allocate(arena, setup.m(), setup.n(), setup.dtype());
    this.x = setup.copy(scratch, hostX);
    this.y = scratch.matrix(setup.m(), setup.n(), setup.dtype());
    Matrix w = setup.random(arena, setup.n(), setup.k(), 2);
    if (sparse) {
      Compressed24 compressed = Compressed24.allocate(arena, setup.n(), setup.k(), setup.dtype());
      Pruner.magnitude().prune(setup.session(), w, compressed);
      int layout = setup.session().packedLayout(setup.dtype(), setup.m(), setup.n(), setup.k());
      weightBytes = setup.session().packedBytes(setup.dtype(), layout, setup.n(), setup.k());
      packed = new Packed24[setup.copies(weightBytes)];
      Compressed24 there = scratch.upload(compressed);
      for (int i = 0; i < packed.length; i++) {
        packed[i] = setup.session().pack24(there, layout, scratch.buffer(weightBytes));
      }
      weights = new Matrix[0];
      Operations.zeroDropped(w, compressed.mask());
    } else {
      packed = new Packed24[0];
      weightBytes = w.segment().byteSize();
      weights = new Matrix[setup.copies(weightBytes)];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = setup.copy(scratch, w);
      }
    }
    dense = w;
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
    return weightBytes + (double) (setup.m() * (setup.k() + setup.n()) * setup.dtype().bytes());
  }

  @Override
  public double flops() {
    return 2.0 * setup.m() * setup.n() * setup.k();
  }

  @Override
  public double check() {
    run();
    setup.session().synchronize();
    scratch.download(y, hostY);
    Tolerance tolerance = Tolerance.gemm(setup.dtype(), setup.k(), 1);
    Random random = new Random(3);
    double error = 0;
    double largest = 0;
    for (int s = 0; s < SAMPLES; s++) {
      long i = random.nextLong(setup.m());
      long j = random.nextLong(setup.n());
      double expected = 0;
      for (long p = 0; p < setup.k(); p++) {
        expected += (double) hostX.get(i, p) * dense.get(j, p);
      }
      double actual = hostY.get(i, j);
      if (!tolerance.accepts(expected, actual)) {
        throw new WrongResult(
            "y[" + i + ", " + j + "] is " + actual + ", the oracle has " + expected);
      }
      error = Math.max(error, Math.abs(actual - expected));
      largest = Math.max(largest, Math.abs(expected));
    }
    return largest == 0 ? 0 : error / largest;
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
