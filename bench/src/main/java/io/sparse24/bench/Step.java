package io.sparse24.bench;

import io.sparse24.api.AdamW;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * A step of an optimizer on the values of a 2:4 weight. Copies of all that it reads and writes take
 * turns; each is stepped on with the same gradient, so the numbers stay what training has.
 */
final class Step implements Workload {
  private static final AdamW ADAMW = AdamW.of(1e-3f);
  private static final Sgd SGD = new Sgd(1e-3f, 0.9f, 0.1f);
  private static final long STEP = 7;

  /** Of the numbers on the way, however many steps were made. */
  private static final double LARGEST = 64;

  private final Setup setup;
  private final boolean adamw;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Operands[] sets;
  private int next;

  private record Operands(Matrix gradient, Matrix master, Matrix m, Matrix v, Matrix values) {
    /** v last: not every optimizer has it. */
    List<Matrix> written() {
      return List.of(master, m, values, v);
    }

    Operands rows(Scratch scratch, Arena arena, long[] rows) {
      return new Operands(
          Rows.download(scratch, arena, gradient, rows),
          Rows.download(scratch, arena, master, rows),
          Rows.download(scratch, arena, m, rows),
          Rows.download(scratch, arena, v, rows),
          Rows.download(scratch, arena, values, rows));
    }
  }

  Step(Setup setup, Op op) {
    this.setup = setup;
    this.adamw = op == Op.ADAMW;
    this.scratch = setup.session().scratch();
    this.sets = new Operands[setup.copies((long) bytes())];
    Matrix gradient = Setup.random(arena, setup.n(), cols(), DType.F32, 7);
    Matrix master = Setup.random(arena, setup.n(), cols(), DType.F32, 8);
    Matrix squares = Matrix.allocate(arena, setup.n(), cols(), DType.F32);
    for (long i = 0; i < squares.rows(); i++) {
      for (long j = 0; j < squares.cols(); j++) {
        squares.set(i, j, gradient.get(i, j) * gradient.get(i, j));
      }
    }
    for (int i = 0; i < sets.length; i++) {
      sets[i] =
          new Operands(
              setup.copy(scratch, gradient),
              setup.copy(scratch, master),
              setup.copy(scratch, gradient),
              setup.copy(scratch, squares),
              scratch.matrix(setup.n(), cols(), setup.dtype()));
    }
    setup.session().synchronize();
  }

  private long cols() {
    return setup.k() / 2;
  }

  @Override
  public void run() {
    Operands set = sets[next];
    next = next + 1 == sets.length ? 0 : next + 1;
    apply(setup.session(), set);
  }

  private void apply(Session session, Operands o) {
    if (adamw) {
      session.adamw(o.gradient(), o.master(), o.m(), o.v(), o.values(), ADAMW, STEP, 1);
    } else {
      session.sgd(o.gradient(), o.master(), o.m(), o.values(), SGD, 1);
    }
  }

  /** The gradient is read, the master and each moment read and written, the values written. */
  @Override
  public double bytes() {
    int moments = adamw ? 2 : 1;
    return (double) setup.n() * cols() * (4 + 8 + 8 * moments + setup.dtype().bytes());
  }

  @Override
  public double rotatedBytes() {
    return bytes() * sets.length;
  }

  @Override
  public double check(Runnable call) {
    Operands set = sets[next];
    setup.poison(set.values().buffer());
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Arena temporary = Arena.ofConfined()) {
      long[] rows = Rows.of(setup.n());
      Operands expected = set.rows(scratch, temporary, rows);
      call.run();
      setup.session().synchronize();
      Operands actual = set.rows(scratch, temporary, rows);
      apply(oracle, expected);
      double error = 0;
      for (int part = 0; part < expected.written().size(); part++) {
        error = Math.max(error, compare(expected, actual, part, rows));
      }
      return error;
    }
  }

  private static double compare(Operands expected, Operands actual, int part, long[] rows) {
    Matrix e = expected.written().get(part);
    Matrix a = actual.written().get(part);
    Errors errors = new Errors(Tolerance.step(e.dtype(), LARGEST));
    for (int i = 0; i < rows.length; i++) {
      for (long j = 0; j < e.cols(); j++) {
        errors.add(
            List.of("master", "m", "values", "v").get(part), rows[i], j, e.get(i, j), a.get(i, j));
      }
    }
    return errors.relative();
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
