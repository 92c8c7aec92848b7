package io.sparse24.train;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/**
 * The low-rank term (X Lᵀ) Rᵀ beside a 2:4 weight, trained with it in SLoPe's lazy phase. L is
 * normal and R is 0 at first, so that nothing changes when they are attached; nothing is divided by
 * the rank.
 */
final class Adapters {
  private final Session session;
  private final long n;
  private final long k;
  private final long rank;
  private final Parameter l;
  private final Parameter r;
  private final Matrix lValues;
  private final Matrix rValues;

  /** {@code [rank, k]} and {@code [n, rank]}, both unwritten. */
  Adapters(Session session, Scratch memory, long n, long k, long rank, DType dtype, Rule rule) {
    this.session = session;
    this.n = n;
    this.k = k;
    this.rank = rank;
    this.l = new Parameter(session, memory, rank, k, rule);
    this.r = new Parameter(session, memory, n, rank, rule);
    this.lValues = dtype == DType.F32 ? l.master() : memory.matrix(rank, k, dtype);
    this.rValues = dtype == DType.F32 ? r.master() : memory.matrix(n, rank, dtype);
  }

  static long needs(DType dtype, long m, long n, long k, long rank) {
    return 2 * Workspace.bytes(m, rank, dtype)
        + 2 * Workspace.bytes(rank, m, dtype)
        + Workspace.bytes(k, m, dtype)
        + Workspace.bytes(rank, n, dtype)
        + Workspace.bytes(k, rank, dtype)
        + Workspace.bytes(n, rank, dtype)
        + Workspace.bytes(rank, k, dtype);
  }

  /** Places in the workspace for some number of tokens, at which the same calls come back. */
  record Views(
      Matrix t,
      Matrix dt,
      Matrix lT,
      Matrix tT,
      Matrix dtT,
      Matrix xT,
      Matrix rT,
      Matrix dr,
      Matrix dl) {}

  Views views(Workspace.Carver carver, long m) {
    return new Views(
        carver.matrix(m, rank),
        carver.matrix(m, rank),
        carver.matrix(k, rank),
        carver.matrix(rank, m),
        carver.matrix(rank, m),
        carver.matrix(k, m),
        carver.matrix(rank, n),
        carver.matrix(n, rank),
        carver.matrix(rank, k));
  }

  long rank() {
    return rank;
  }

  void initialise(double deviation, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix normal = Initial.normal(arena, rank, k, deviation, seed);
      session.copy(normal.buffer(), l.master().buffer());
      session.copy(Matrix.allocate(arena, n, rank, DType.F32).buffer(), r.master().buffer());
      session.synchronize();
    }
    cast();
  }

  /** The working values of the masters. */
  void cast() {
    if (lValues.dtype() != DType.F32) {
      session.cast(l.master(), lValues);
      session.cast(r.master(), rValues);
    }
  }

  /**
   * Adds T Rᵀ to Y: a product of its own is faster than one that adds it as it ends
   * (docs/notes/slope.md).
   */
  void forward(Matrix x, Matrix y, Views views) {
    session.gemm(t(x, views), rValues, y, y, Addend.ONE);
  }

  /** T = X Lᵀ. */
  private Matrix t(Matrix x, Views views) {
    session.gemm(x, lValues, views.t());
    return views.t();
  }

  /**
   * Adds dR = dYᵀ T and dL = dTᵀ X with dT = dY R. T is computed again: kept, it would take memory
   * for each layer.
   */
  void weightGradient(Matrix dy, Matrix dyT, Matrix x, Views views) {
    session.transpose(t(x, views), views.tT());
    session.gemm(dyT, views.tT(), views.dr());
    r.add(views.dr());

    session.transpose(dt(dy, views), views.dtT());
    session.transpose(x, views.xT());
    session.gemm(views.dtT(), views.xT(), views.dl());
    l.add(views.dl());
  }

  /** dT = dY R. */
  private Matrix dt(Matrix dy, Views views) {
    session.transpose(rValues, views.rT());
    session.gemm(dy, views.rT(), views.dt());
    return views.dt();
  }

  /** Adds dT L to dX; dT is computed again, as another layer may have worked since. */
  void inputGradient(Matrix dy, Matrix dx, Views views) {
    session.transpose(lValues, views.lT());
    session.gemm(dt(dy, views), views.lT(), dx, dx, Addend.ONE);
  }

  double squaredGradientNorm() {
    return l.squaredNorm() + r.squaredNorm();
  }

  void step(Optimizer settings, float gradScale) {
    l.step(settings, gradScale, lValues);
    r.step(settings, gradScale, rValues);
  }

  void discard() {
    l.discard();
    r.discard();
  }

  /** The working values, in the session's memory. */
  Matrix l() {
    return lValues;
  }

  Matrix r() {
    return rValues;
  }

  long bytes() {
    long values = lValues.dtype() == DType.F32 ? 0 : (n + k) * rank * lValues.dtype().bytes();
    return values + l.bytes() + r.bytes();
  }

  void describe(String name, State state) {
    l.describe(name + ".l", state);
    r.describe(name + ".r", state);
  }
}
