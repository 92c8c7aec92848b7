package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The operations that move memory: scoring, selection, compression, packing. One workload holds all
 * operands of one weight; each call uses the next copy of what it reads.
 */
final class Operations implements Workload {
  /** Rows compared with the oracle. */
  private static final long CHECKED = 16;

  private final Setup setup;
  private final Op op;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Matrix host;
  private final Matrix hostNorms;
  private final Matrix norms;
  private final Matrix[] weights;
  private final Matrix scores;
  private final Compressed24 compressed;
  private final Matrix dense;
  private final int layout;
  private final Packed24 packed;
  private int next;

  Operations(Setup setup, Op op) {
    this.setup = setup;
    this.op = op;
    Session session = setup.session();
    this.scratch = session.scratch();
    // For norms, the matrix is the activations.
    long rows = op == Op.ACCUMULATE_NORMS ? Math.max(setup.m(), 1) : setup.n();
    DType dtype = op == Op.SELECT ? DType.F32 : setup.dtype();
    this.host = Matrix.allocate(arena, rows, setup.k(), dtype);
    new Gaussian(4).fill(host);
    this.weights = new Matrix[setup.copies(host.segment().byteSize())];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = setup.copy(scratch, host);
    }
    this.hostNorms = Matrix.allocate(arena, 1, setup.k(), DType.F32);
    for (long j = 0; j < setup.k(); j++) {
      hostNorms.set(0, j, (float) (1 + j % 7));
    }
    this.norms = setup.copy(scratch, hostNorms);
    this.scores = scratch.matrix(op == Op.SCORE ? rows : 0, setup.k(), DType.F32);
    this.dense = scratch.matrix(rows, setup.k(), dtype);
    this.compressed = scratch.compressed(rows, setup.k(), dtype);
    session.prune24(weights[0], ScoreKind.MAGNITUDE, null, compressed);
    this.layout = session.packedLayout(dtype, 0, rows, setup.k());
    this.packed =
        session.pack24(
            compressed,
            layout,
            scratch.buffer(session.packedBytes(dtype, layout, rows, setup.k())));
    session.synchronize();
  }

  /** A host weight with what the mask drops set to 0. */
  static void zeroDropped(Matrix w, Mask mask) {
    for (long i = 0; i < w.rows(); i++) {
      for (long j = 0; j < w.cols(); j++) {
        if (!mask.get(i, j)) {
          w.set(i, j, 0);
        }
      }
    }
  }

  @Override
  public void run() {
    Session session = setup.session();
    Matrix w = weights[next];
    next = next + 1 == weights.length ? 0 : next + 1;
    apply(session, w, norms, scores, compressed, dense, packed);
  }

  private void apply(
      Session session,
      Matrix w,
      Matrix s,
      Matrix scoresOut,
      Compressed24 sparse,
      Matrix denseOut,
      Packed24 pack) {
    switch (op) {
      case ACCUMULATE_NORMS -> session.accumulateNorms(w, s, 0.5f, 0.5f);
      case SCORE -> session.score(w, ScoreKind.WANDA, s, scoresOut);
      case SELECT -> session.select(w, 2, 4, sparse.mask());
      case PRUNE24 -> session.prune24(w, ScoreKind.WANDA, s, sparse);
      case COMPRESS24 -> session.gather24(w, sparse);
      case DECOMPRESS24 -> session.decompress24(sparse, denseOut);
      case APPLY_MASK -> session.applyMask(w, sparse.mask(), denseOut);
      case PACK24 -> session.pack24(sparse, pack.layout(), pack.buffer());
      case UNPACK24 -> session.unpack24(pack, sparse);
      case SPMM24, GEMM -> throw new IllegalArgumentException("op: " + op.id() + " multiplies");
    }
  }

  @Override
  public double bytes() {
    double w = host.segment().byteSize();
    double elements = (double) host.rows() * host.cols();
    double canonical = w / 2 + elements / 8;
    return switch (op) {
      case ACCUMULATE_NORMS -> w;
      case SCORE -> w + 4 * elements;
      case SELECT -> w + elements / 8;
      case PRUNE24, COMPRESS24, DECOMPRESS24 -> w + canonical;
      case APPLY_MASK -> 2 * w + elements / 8;
      case PACK24, UNPACK24 -> 2 * canonical;
      case SPMM24, GEMM -> 0;
    };
  }

  @Override
  public double flops() {
    return 0;
  }

  /**
   * Runs the operation and the oracle's on the first rows; these operations are exact, norms but
   * for rounding.
   */
  @Override
  public double check() {
    long rows = Math.min(CHECKED, host.rows());
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Arena temporary = Arena.ofConfined();
        Scratch mine = setup.session().scratch()) {
      Results expected = new Results(oracle, oracle.scratch(), temporary, rows);
      Results actual = new Results(setup.session(), mine, temporary, rows);
      double error =
          actual.equalTo(expected, op == Op.ACCUMULATE_NORMS ? Tolerance.norms() : Tolerance.EXACT);
      setup.session().synchronize();
      return error;
    }
  }

  /** Every operand of the operation on a few rows, in host memory once it ran. */
  private final class Results {
    final Matrix s;
    final Matrix scoresOut;
    final Compressed24 sparse;
    final Matrix denseOut;

    Results(Session session, Scratch memory, Arena temporary, long rows) {
      Matrix w = memory.matrix(rows, setup.k(), host.dtype());
      session.copy(HostBuffer.wrap(host.rowSlice(0, rows).segment()), w.buffer());
      Matrix sThere = memory.matrix(1, setup.k(), DType.F32);
      session.copy(hostNorms.buffer(), sThere.buffer());
      Matrix scoresThere = memory.matrix(rows, setup.k(), DType.F32);
      Compressed24 sparseThere = memory.compressed(rows, setup.k(), host.dtype());
      Matrix denseThere = memory.matrix(rows, setup.k(), host.dtype());
      // Defined content for what the operation does not write.
      session.prune24(w, ScoreKind.MAGNITUDE, null, sparseThere);
      session.score(w, ScoreKind.MAGNITUDE, null, scoresThere);
      session.decompress24(sparseThere, denseThere);
      int there = session.packedLayout(host.dtype(), 0, rows, setup.k());
      Packed24 pack =
          session.pack24(
              sparseThere,
              there,
              memory.buffer(session.packedBytes(host.dtype(), there, rows, setup.k())));
      apply(session, w, sThere, scoresThere, sparseThere, denseThere, pack);
      if (op == Op.PACK24) {
        session.unpack24(pack, sparseThere);
      }
      session.synchronize();
      s = Matrix.allocate(temporary, 1, setup.k(), DType.F32);
      scoresOut = Matrix.allocate(temporary, rows, setup.k(), DType.F32);
      sparse = Compressed24.allocate(temporary, rows, setup.k(), host.dtype());
      denseOut = Matrix.allocate(temporary, rows, setup.k(), host.dtype());
      memory.download(sThere, s);
      memory.download(scoresThere, scoresOut);
      memory.download(sparseThere, sparse);
      memory.download(denseThere, denseOut);
    }

    double equalTo(Results expected, Tolerance tolerance) {
      double largest = 0;
      double error = 0;
      for (long j = 0; j < setup.k(); j++) {
        double e = expected.s.get(0, j);
        double a = s.get(0, j);
        if (!tolerance.accepts(e, a)) {
          throw new WrongResult("s[" + j + "] is " + a + ", the oracle has " + e);
        }
        largest = Math.max(largest, Math.abs(e));
        error = Math.max(error, Math.abs(a - e));
      }
      same("scores", expected.scoresOut.segment(), scoresOut.segment());
      same("values", expected.sparse.values().segment(), sparse.values().segment());
      same("mask", expected.sparse.mask().segment(), sparse.mask().segment());
      same("dense", expected.denseOut.segment(), denseOut.segment());
      return largest == 0 ? 0 : error / largest;
    }

    private void same(String what, MemorySegment expected, MemorySegment actual) {
      long at = expected.mismatch(actual);
      if (at >= 0) {
        throw new WrongResult(op.id() + ": " + what + " differ from the oracle's at byte " + at);
      }
    }
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
