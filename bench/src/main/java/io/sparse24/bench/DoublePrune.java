package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.LongStream;

/** double_prune24. Copies of the weight and of its transpose take turns. */
final class DoublePrune implements Workload {
  /**
   * Groups of four columns that are compared with the oracle, the first and the last among them.
   */
  private static final int CHECKED = 8;

  private final Setup setup;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Compressed24 host;
  private final Compressed24[] weights;
  private final Compressed24[] transposes;
  private int next;

  DoublePrune(Setup setup) {
    this.setup = setup;
    this.scratch = setup.session().scratch();
    long rows = Math.max(setup.n() / 4 * 4, 4); // the operation takes whole groups
    this.host = Compressed24.allocate(arena, rows, setup.k(), setup.dtype());
    int copies = setup.copies((long) bytes());
    this.weights = new Compressed24[copies];
    this.transposes = new Compressed24[copies];
    Matrix w = Setup.random(arena, rows, setup.k(), setup.dtype(), 2);
    try (Scratch temporary = setup.session().scratch()) {
      Matrix there = temporary.upload(w);
      for (int i = 0; i < copies; i++) {
        weights[i] = scratch.compressed(rows, setup.k(), setup.dtype());
        transposes[i] = scratch.compressed(setup.k(), rows, setup.dtype());
        setup.session().prune24(there, ScoreKind.MAGNITUDE, null, weights[i]);
      }
      setup.session().synchronize();
    }
    scratch.download(weights[0], host);
  }

  @Override
  public void run() {
    int at = next;
    next = next + 1 == weights.length ? 0 : next + 1;
    setup.session().doublePrune24(weights[at], transposes[at]);
  }

  @Override
  public double bytes() {
    return 2.0 * (host.values().segment().byteSize() + host.mask().segment().byteSize());
  }

  @Override
  public double rotatedBytes() {
    return bytes() * weights.length;
  }

  /** Exact; a row of the transpose depends on a column of the weight alone. */
  @Override
  public double check(Runnable call) {
    Compressed24 there = transposes[next];
    setup.poison(there.values().buffer());
    setup.poison(there.mask().buffer());
    call.run();
    setup.session().synchronize();
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Arena temporary = Arena.ofConfined()) {
      Compressed24 actual = Compressed24.allocate(temporary, host.k(), host.n(), setup.dtype());
      scratch.download(there, actual);
      long[] groups = groups(host.k());
      Compressed24 expected =
          Compressed24.allocate(temporary, 4L * groups.length, host.n(), setup.dtype());
      oracle.doublePrune24(gather(temporary, groups), expected);
      compare("double_prune24", expected, actual, groups);
      return 0;
    }
  }

  /** Of k columns. */
  static long[] groups(long k) {
    long all = k / 4;
    return LongStream.concat(LongStream.of(0, all - 1), new Random(5).longs(CHECKED, 0, all))
        .sorted()
        .distinct()
        .toArray();
  }

  /** These groups of columns of the weight, side by side. */
  private Compressed24 gather(Arena temporary, long[] groups) {
    Compressed24 gathered =
        Compressed24.allocate(temporary, host.n(), 4L * groups.length, setup.dtype());
    for (long i = 0; i < host.n(); i++) {
      for (int g = 0; g < groups.length; g++) {
        for (int s = 0; s < 2; s++) {
          gathered.values().set(i, 2L * g + s, host.values().get(i, 2 * groups[g] + s));
        }
        for (int t = 0; t < 4; t++) {
          gathered.mask().set(i, 4L * g + t, host.mask().get(i, 4 * groups[g] + t));
        }
      }
    }
    return gathered;
  }

  /** Transposes: of the groups of columns side by side, and of all. */
  static void compare(String op, Compressed24 expected, Compressed24 actual, long[] groups) {
    for (int g = 0; g < groups.length; g++) {
      for (int c = 0; c < 4; c++) {
        compare(op, expected, 4L * g + c, actual, 4 * groups[g] + c);
      }
    }
  }

  private static void compare(
      String op, Compressed24 expected, long i, Compressed24 actual, long j) {
    MemorySegment values = actual.values().segment();
    long width = expected.values().cols() * expected.dtype().bytes();
    compare(op + ": values", expected.values().segment(), i, values, j, width);
    width = Mask.rowBytes(expected.k());
    compare(op + ": mask", expected.mask().segment(), i, actual.mask().segment(), j, width);
  }

  private static void compare(
      String what, MemorySegment expected, long i, MemorySegment actual, long j, long width) {
    long e = i * width;
    long a = j * width;
    long at = MemorySegment.mismatch(expected, e, e + width, actual, a, a + width);
    if (at >= 0) {
      throw new WrongResult(what + ", row " + j + ", byte " + at + " differs from the oracle's");
    }
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
