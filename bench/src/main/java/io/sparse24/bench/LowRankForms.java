package io.sparse24.bench;

import io.sparse24.api.Activation;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.LowRank;
import io.sparse24.api.Matrix;
import io.sparse24.api.Packed24;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;

/**
 * Y = X Wᵀ + (X Lᵀ) Rᵀ with a 2:4 W in three ways. <i>Fused</i>: T = X Lᵀ, then one product that
 * adds T Rᵀ as it writes Y. <i>Concatenated</i>, as SLoPe's release has it: [Y, T] = X [W, L]ᵀ,
 * then T Rᵀ is added to Y; a dense L is two 2:4 matrices, the first and the second two of each
 * four, so there are two T. <i>Added</i>: T = X Lᵀ and Y = X Wᵀ, then T Rᵀ is added to Y.
 */
final class LowRankForms implements AutoCloseable {
  private static final int SAMPLES = 64;
  private static final Epilogue ADD = new Epilogue(1, 1, null, Activation.NONE);

  private final Session session;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;
  private final Shape shape;
  private final long rank;
  private final Matrix hostX;
  private final Matrix hostWide; // W pruned, then both halves of L
  private final Matrix hostR;
  private final Matrix x;
  private final Matrix l;
  private final LowRank term;
  private final Packed24 packed;
  private final Packed24 packedWide;
  private final Matrix rTwice;
  private final Matrix y;
  private final Matrix wide; // [m, n + 2 rank]
  private final Matrix wideY;
  private final Matrix wideT;

  LowRankForms(Session session, DType dtype, long m, Shape shape, long rank) {
    this.session = session;
    this.shape = shape;
    this.rank = rank;
    this.scratch = session.scratch();
    long n = shape.n();
    long k = shape.k();
    long rows = n + 2 * rank;
    this.hostX = Setup.random(arena, m, k, dtype, 1);
    this.hostR = Setup.random(arena, n, rank, dtype, 3);
    this.hostWide = Matrix.allocate(arena, rows, k, dtype);
    Matrix random = Setup.random(arena, rows, k, dtype, 2);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < k; j++) {
        boolean first = j % 4 < 2;
        boolean half = i < n || first == i < n + rank;
        hostWide.set(i, j, half ? random.get(i, j) : 0);
      }
    }
    this.x = scratch.upload(hostX);
    Matrix hostL = Matrix.allocate(arena, rank, k, dtype);
    for (long i = 0; i < rank; i++) {
      for (long j = 0; j < k; j++) {
        hostL.set(i, j, hostWide.get(n + i, j) + hostWide.get(n + rank + i, j));
      }
    }
    this.l = scratch.upload(hostL);
    this.term = new LowRank(scratch.matrix(m, rank, dtype), scratch.upload(hostR));
    this.packed = pack(Matrix.of(hostWide.buffer(), 0, n, k, k, dtype), m);
    this.packedWide = pack(hostWide, m);
    Matrix twice = Matrix.allocate(arena, n, 2 * rank, dtype);
    for (long i = 0; i < n; i++) {
      for (long j = 0; j < 2 * rank; j++) {
        twice.set(i, j, hostR.get(i, j % rank));
      }
    }
    this.rTwice = scratch.upload(twice);
    this.y = scratch.matrix(m, n, dtype);
    this.wide = scratch.matrix(m, rows, dtype);
    this.wideY = Matrix.of(wide.buffer(), 0, m, n, rows, dtype);
    this.wideT = Matrix.of(wide.buffer(), n * dtype.bytes(), m, 2 * rank, rows, dtype);
  }

  private Packed24 pack(Matrix host, long m) {
    DType dtype = host.dtype();
    try (Scratch there = session.scratch()) {
      Compressed24 pruned = there.compressed(host.rows(), host.cols(), dtype);
      session.prune24(there.upload(host), ScoreKind.MAGNITUDE, null, pruned);
      int layout = session.packedLayout(dtype, m, host.rows(), host.cols());
      long bytes = session.packedBytes(dtype, layout, host.rows(), host.cols());
      Packed24 out = session.pack24(pruned, layout, scratch.buffer(bytes));
      session.synchronize();
      return out;
    }
  }

  private void plain() {
    session.spmm24(x, packed, y);
  }

  private void fused() {
    session.gemm(x, l, term.t());
    session.spmm24(x, packed, null, y, Epilogue.NONE, term);
  }

  private void concatenated() {
    session.spmm24(x, packedWide, wide);
    session.gemm(wideT, rTwice, wideY, wideY, ADD);
  }

  private void added() {
    session.gemm(x, l, term.t());
    plain();
    session.gemm(term.t(), term.r(), y, y, ADD);
  }

  SlopeReport.LowRank measure(double seconds) {
    fused();
    check(y);
    concatenated();
    check(wideY);
    added();
    check(y);
    double[] ms =
        Turns.medians(
            session,
            List.<Runnable>of(this::plain, this::fused, this::concatenated, this::added),
            seconds);
    return new SlopeReport.LowRank(
        hostX.dtype().name(), x.rows(), shape.n(), shape.k(), rank, ms[0], ms[1], ms[2], ms[3]);
  }

  private void check(Matrix result) {
    session.synchronize();
    DType dtype = result.dtype();
    try (Arena temporary = Arena.ofConfined()) {
      // A view with gaps comes down with them.
      long stride = result.rowStride();
      Matrix whole = Matrix.of(result.buffer(), 0, result.rows(), stride, stride, dtype);
      Matrix host = Matrix.allocate(temporary, whole.rows(), whole.cols(), dtype);
      scratch.download(whole, host);
      Errors errors = new Errors(tolerance(dtype));
      Random random = new Random(5);
      for (int sample = 0; sample < SAMPLES; sample++) {
        long i = random.nextLong(x.rows());
        long j = random.nextLong(shape.n());
        double expected = dot(i, j, true);
        for (long r = 0; r < rank; r++) {
          double t = dot(i, shape.n() + r, false) + dot(i, shape.n() + rank + r, false);
          expected += t * hostR.get(j, r);
        }
        errors.add("y", i, j, expected, host.get(i, j));
      }
    }
  }

  /**
   * Sums over k make Y and each of T, which R takes √rank of; T is rounded to the working type
   * besides, and so is Y before T Rᵀ is added.
   */
  private Tolerance tolerance(DType dtype) {
    double ofT = Math.sqrt((double) shape.k());
    double terms = 1 + Math.sqrt((double) rank);
    double sums =
        Tolerance.gemm(dtype, shape.k(), 1).absolute() * terms
            + Tolerance.gemm(dtype, rank, ofT).absolute();
    double rounded = 6 * dtype.epsilon() * ofT * terms;
    return new Tolerance(dtype.epsilon(), sums + rounded);
  }

  /** Of a row of X and one of [W, L], with W's two largest of each four. */
  private double dot(long i, long row, boolean prune) {
    double sum = 0;
    for (long group = 0; group < shape.k(); group += 4) {
      for (long j = group; j < group + 4; j++) {
        int larger = 0;
        float size = Math.abs(hostWide.get(row, j));
        for (long other = group; other < group + 4 && prune; other++) {
          float theirs = Math.abs(hostWide.get(row, other));
          larger += theirs > size || (theirs == size && other < j) ? 1 : 0;
        }
        sum += larger < 2 ? (double) hostX.get(i, j) * hostWide.get(row, j) : 0;
      }
    }
    return sum;
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
