package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import java.lang.foreign.Arena;

/**
 * prune24_both by magnitude, as a training step has it. Copies of the weight and of both results
 * take turns.
 */
final class PruneBoth implements Workload {
  /** What one call reads and writes. */
  private record Operands(Matrix w, Compressed24 out, Compressed24 transpose) {}

  private final Setup setup;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Matrix host;
  private final Operands[] sets;
  private int next;

  PruneBoth(Setup setup) {
    this.setup = setup;
    this.scratch = setup.session().scratch();
    long rows = Math.max(setup.n() / 4 * 4, 4); // the operation takes whole groups
    this.host = Setup.random(arena, rows, setup.k(), setup.dtype(), 2);
    this.sets = new Operands[setup.copies((long) bytes())];
    for (int i = 0; i < sets.length; i++) {
      sets[i] =
          new Operands(
              scratch.upload(host),
              scratch.compressed(rows, setup.k(), setup.dtype()),
              scratch.compressed(setup.k(), rows, setup.dtype()));
    }
    setup.session().synchronize();
  }

  @Override
  public void run() {
    Operands set = sets[next];
    next = next + 1 == sets.length ? 0 : next + 1;
    setup.session().prune24Both(set.w(), ScoreKind.MAGNITUDE, null, set.out(), set.transpose());
  }

  @Override
  public double bytes() {
    double elements = (double) host.rows() * host.cols();
    return 2.0 * host.segment().byteSize() + elements / 4;
  }

  @Override
  public double rotatedBytes() {
    return bytes() * sets.length;
  }

  /** Exact; groups of columns do not depend on each other. */
  @Override
  public double check(Runnable call) {
    Operands there = sets[next];
    for (Compressed24 output : new Compressed24[] {there.out(), there.transpose()}) {
      setup.poison(output.values().buffer());
      setup.poison(output.mask().buffer());
    }
    call.run();
    setup.session().synchronize();
    long n = host.rows();
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Arena temporary = Arena.ofConfined()) {
      Compressed24 out = Compressed24.allocate(temporary, n, host.cols(), setup.dtype());
      Compressed24 transpose = Compressed24.allocate(temporary, host.cols(), n, setup.dtype());
      scratch.download(there.out(), out);
      scratch.download(there.transpose(), transpose);
      long[] groups = DoublePrune.groups(host.cols());
      long columns = 4L * groups.length;
      Compressed24 expected = Compressed24.allocate(temporary, n, columns, setup.dtype());
      Compressed24 turned = Compressed24.allocate(temporary, columns, n, setup.dtype());
      oracle.prune24Both(
          gather(temporary, host, groups), ScoreKind.MAGNITUDE, null, expected, turned);
      compareGroups(expected, out, groups);
      DoublePrune.compare("prune24_both", turned, transpose, groups);
      return 0;
    }
  }

  /** These groups of columns side by side. */
  private static Matrix gather(Arena temporary, Matrix from, long[] groups) {
    Matrix gathered = Matrix.allocate(temporary, from.rows(), 4L * groups.length, from.dtype());
    for (long i = 0; i < from.rows(); i++) {
      for (int g = 0; g < groups.length; g++) {
        for (int t = 0; t < 4; t++) {
          gathered.set(i, 4L * g + t, from.get(i, 4 * groups[g] + t));
        }
      }
    }
    return gathered;
  }

  private static void compareGroups(Compressed24 expected, Compressed24 actual, long[] groups) {
    for (long i = 0; i < expected.n(); i++) {
      for (int g = 0; g < groups.length; g++) {
        boolean same = true;
        for (int t = 0; t < 4; t++) {
          same &= expected.mask().get(i, 4L * g + t) == actual.mask().get(i, 4 * groups[g] + t);
        }
        for (int s = 0; s < 2; s++) {
          float wanted = expected.values().get(i, 2L * g + s);
          float found = actual.values().get(i, 2 * groups[g] + s);
          same &= Float.floatToRawIntBits(wanted) == Float.floatToRawIntBits(found);
        }
        if (!same) {
          throw new WrongResult(
              "prune24_both: row " + i + ", group " + groups[g] + " differs from the oracle's");
        }
      }
    }
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
