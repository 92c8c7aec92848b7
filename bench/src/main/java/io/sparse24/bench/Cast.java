package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;

/** cast. Copies of the matrix and of the result take turns. */
final class Cast implements Workload {
  private final Setup setup;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Matrix host;
  private final Matrix[] from;
  private final Matrix[] to;
  private int next;

  Cast(Setup setup) {
    this.setup = setup;
    this.scratch = setup.session().scratch();
    this.host =
        Setup.quantized(
            setup.session(),
            arena,
            Setup.random(arena, setup.n(), setup.k(), setup.xDtype(), 6),
            setup.xDtype());
    int copies = setup.copies((long) bytes());
    this.from = new Matrix[copies];
    this.to = new Matrix[copies];
    for (int i = 0; i < copies; i++) {
      from[i] = setup.copy(scratch, host);
      to[i] = scratch.matrix(setup.n(), setup.k(), setup.dtype());
    }
    setup.session().synchronize();
  }

  @Override
  public void run() {
    int at = next;
    next = next + 1 == from.length ? 0 : next + 1;
    setup.session().cast(from[at], to[at]);
  }

  @Override
  public double bytes() {
    double elements = (double) setup.n() * setup.k();
    double scales = setup.xDtype().scaled() ? 4.0 * setup.n() : 0;
    return elements * (setup.xDtype().bytes() + setup.dtype().bytes()) + scales;
  }

  @Override
  public double rotatedBytes() {
    return bytes() * from.length;
  }

  /** Exact. */
  @Override
  public double check(Runnable call) {
    Matrix there = to[next];
    setup.poison(there.buffer());
    call.run();
    setup.session().synchronize();
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Arena temporary = Arena.ofConfined()) {
      long[] rows = Rows.of(host.rows());
      Matrix actual = Rows.download(scratch, temporary, there, rows);
      Matrix expected = Matrix.allocate(temporary, rows.length, host.cols(), setup.dtype());
      oracle.cast(Rows.gather(temporary, host, rows), expected);
      Errors errors = new Errors(Tolerance.EXACT);
      for (int i = 0; i < rows.length; i++) {
        for (long j = 0; j < host.cols(); j++) {
          errors.add("cast: out", rows[i], j, expected.get(i, j), actual.get(i, j));
        }
      }
      return errors.relative();
    }
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
