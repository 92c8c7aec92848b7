package io.sparse24.bench;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.util.Random;

/** sddmm24. Copies of the mask and the values take turns. */
final class Gradient implements Workload {
  /** Random rows of the gradient that are checked, besides the first and the last. */
  private static final int ROWS = 16;

  private final Setup setup;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Matrix hostDy;
  private final Matrix hostX;
  private final Matrix dy;
  private final Matrix x;
  private final Mask hostMask;
  private final Compressed24[] sets;
  private int next;

  Gradient(Setup setup) {
    this.setup = setup;
    this.scratch = setup.session().scratch();
    this.hostDy = Setup.random(arena, setup.m(), setup.n(), setup.dtype(), 6);
    this.hostX = Setup.random(arena, setup.m(), setup.k(), setup.dtype(), 1);
    this.dy = setup.copy(scratch, hostDy);
    this.x = setup.copy(scratch, hostX);
    this.hostMask = Mask.allocate(arena, setup.n(), setup.k());
    Compressed24 first = Compressed24.allocate(arena, setup.n(), setup.k(), DType.F32);
    this.sets =
        new Compressed24
            [setup.copies(first.values().segment().byteSize() + hostMask.segment().byteSize())];
    Matrix w = Setup.random(arena, setup.n(), setup.k(), DType.F32, 2);
    try (Scratch temporary = setup.session().scratch()) {
      Matrix there = temporary.upload(w);
      for (int i = 0; i < sets.length; i++) {
        sets[i] = scratch.compressed(setup.n(), setup.k(), DType.F32);
        setup.session().prune24(there, ScoreKind.MAGNITUDE, null, sets[i]);
      }
      setup.session().synchronize();
    }
    scratch.download(sets[0].mask(), hostMask);
  }

  @Override
  public void run() {
    Compressed24 set = sets[next];
    next = next + 1 == sets.length ? 0 : next + 1;
    setup.session().sddmm24(dy, x, set.mask(), set.values());
  }

  @Override
  public double bytes() {
    double kept = (double) setup.n() * setup.k() / 2;
    return 4 * kept
        + hostMask.segment().byteSize()
        + hostDy.segment().byteSize()
        + hostX.segment().byteSize();
  }

  @Override
  public double flops() {
    return 2.0 * setup.m() * setup.n() * setup.k();
  }

  @Override
  public double rotatedBytes() {
    return (2.0 * setup.n() * setup.k() + hostMask.segment().byteSize()) * sets.length;
  }

  @Override
  public double check(Runnable call) {
    Matrix values = sets[next].values();
    setup.poison(values.buffer());
    call.run();
    setup.session().synchronize();
    try (Arena temporary = Arena.ofConfined()) {
      Matrix host = Matrix.allocate(temporary, setup.n(), setup.k() / 2, DType.F32);
      scratch.download(values, host);
      Errors errors = new Errors(Tolerance.gemm(DType.F32, setup.m(), 1));
      check(0, host, errors);
      check(setup.n() - 1, host, errors);
      Random random = new Random(3);
      for (int i = 0; i < ROWS; i++) {
        check(random.nextLong(setup.n()), host, errors);
      }
      return errors.relative();
    }
  }

  private void check(long row, Matrix values, Errors errors) {
    long slot = 0;
    for (long column = 0; column < setup.k(); column++) {
      if (hostMask.get(row, column)) {
        double expected = 0;
        for (long i = 0; i < setup.m(); i++) {
          expected += (double) hostDy.get(i, row) * hostX.get(i, column);
        }
        errors.add("values", row, slot, expected, values.get(row, slot));
        slot++;
      }
    }
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
