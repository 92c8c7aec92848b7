package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;

/**
 * Scores by factors in GBLM's form, a of columns and g of elements, and the margins that RIA's are
 * made of. Copies of all operands take turns.
 */
final class ByFactors implements Workload {
  private static final float G_SCALE = 100;

  /** What one call reads and writes; what the operation has no use for is empty. */
  private record Operands(
      Matrix w,
      ScoreFactors factors,
      Matrix scores,
      Compressed24 out,
      Matrix rowSums,
      Matrix colSums,
      Matrix range) {}

  private final Setup setup;
  private final Op op;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Matrix host;
  private final Matrix hostA;
  private final Matrix hostG;
  private final Operands[] sets;
  private int next;

  ByFactors(Setup setup, Op op) {
    this.setup = setup;
    this.op = op;
    this.scratch = setup.session().scratch();
    this.host = Setup.random(arena, setup.n(), setup.k(), setup.dtype(), 6);
    this.hostA = Setup.random(arena, 1, setup.k(), DType.F32, 7);
    this.hostG = Setup.random(arena, op == Op.MARGINS ? 0 : setup.n(), setup.k(), DType.F32, 8);
    this.sets = new Operands[setup.copies((long) bytes())];
    for (int i = 0; i < sets.length; i++) {
      sets[i] = operands(scratch, host, hostG);
    }
    setup.session().synchronize();
  }

  private Operands operands(Scratch memory, Matrix w, Matrix g) {
    long n = w.rows();
    long k = w.cols();
    return new Operands(
        memory.upload(w),
        ScoreFactors.ofColumns(memory.upload(hostA)).plusElements(memory.upload(g), G_SCALE, 0),
        memory.matrix(op == Op.SCORE_FACTORS ? n : 0, k, DType.F32),
        memory.compressed(op == Op.PRUNE24_FACTORS ? n : 0, k, w.dtype()),
        memory.matrix(1, n, DType.F32),
        memory.matrix(1, k, DType.F32),
        memory.matrix(1, 2, DType.F32));
  }

  private void apply(Session session, Operands o) {
    switch (op) {
      case MARGINS -> session.margins(o.w(), o.rowSums(), o.colSums(), o.range());
      case SCORE_FACTORS -> session.score(o.w(), o.factors(), o.scores());
      default -> session.prune24(o.w(), o.factors(), o.out());
    }
  }

  @Override
  public void run() {
    Operands set = sets[next];
    next = next + 1 == sets.length ? 0 : next + 1;
    apply(setup.session(), set);
  }

  @Override
  public double bytes() {
    double w = host.segment().byteSize();
    double elements = (double) host.rows() * host.cols();
    return switch (op) {
      case MARGINS -> w;
      case SCORE_FACTORS -> w + 8 * elements;
      default -> w + 4 * elements + w / 2 + elements / 8;
    };
  }

  @Override
  public double rotatedBytes() {
    return bytes() * sets.length;
  }

  /** Exact but for the rounding of sums. */
  @Override
  public double check(Runnable call) {
    Operands there = sets[next];
    setup.poison(there.scores().buffer());
    setup.poison(there.out().values().buffer());
    setup.poison(there.out().mask().buffer());
    setup.poison(there.rowSums().buffer());
    setup.poison(there.colSums().buffer());
    setup.poison(there.range().buffer());
    call.run();
    setup.session().synchronize();
    long[] rows = Rows.of(host.rows());
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Scratch theirs = oracle.scratch();
        Arena temporary = Arena.ofConfined()) {
      if (op == Op.MARGINS) {
        Operands expected = operands(theirs, host, hostG);
        apply(oracle, expected);
        Errors errors = new Errors(Tolerance.norms());
        compare(errors, "row_sums", expected.rowSums(), there.rowSums(), temporary);
        compare(errors, "col_sums", expected.colSums(), there.colSums(), temporary);
        compare(errors, "range", expected.range(), there.range(), temporary);
        return errors.relative();
      }
      Matrix w = Rows.gather(temporary, host, rows);
      Operands expected = operands(theirs, w, Rows.gather(temporary, hostG, rows));
      apply(oracle, expected);
      if (op == Op.SCORE_FACTORS) {
        Errors errors = new Errors(Tolerance.EXACT);
        Matrix actual = Rows.download(scratch, temporary, there.scores(), rows);
        for (int i = 0; i < rows.length; i++) {
          for (long j = 0; j < host.cols(); j++) {
            errors.add("scores", rows[i], j, expected.scores().get(i, j), actual.get(i, j));
          }
        }
        return errors.relative();
      }
      Compressed24 actual =
          Compressed24.allocate(temporary, host.rows(), host.cols(), host.dtype());
      scratch.download(there.out(), actual);
      compare(expected.out(), actual, rows);
      return 0;
    }
  }

  private void compare(Errors errors, String what, Matrix expected, Matrix there, Arena temporary) {
    Matrix actual = Matrix.allocate(temporary, 1, expected.cols(), DType.F32);
    scratch.download(there, actual);
    setup.session().synchronize();
    for (long j = 0; j < expected.cols(); j++) {
      errors.add(what, 0, j, expected.get(0, j), actual.get(0, j));
    }
  }

  private static void compare(Compressed24 expected, Compressed24 actual, long[] rows) {
    for (int i = 0; i < rows.length; i++) {
      for (long j = 0; j < expected.k(); j++) {
        if (expected.mask().get(i, j) != actual.mask().get(rows[i], j)) {
          throw new WrongResult(
              "prune24_factors: mask[" + rows[i] + ", " + j + "] differs from the oracle's");
        }
      }
      for (long s = 0; s < expected.k() / 2; s++) {
        if (Float.floatToRawIntBits(expected.values().get(i, s))
            != Float.floatToRawIntBits(actual.values().get(rows[i], s))) {
          throw new WrongResult(
              "prune24_factors: values[" + rows[i] + ", " + s + "] differ from the oracle's");
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
