package io.sparse24.bench;

import io.sparse24.api.AttentionShape;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.reference.Tolerance;
import io.sparse24.bench.Whole.Call;
import io.sparse24.bench.Whole.Output;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;

/**
 * Operands of what a decoder needs beside products: m tokens of k columns, in attention one
 * sequence with heads of 64; of a table or a weight n rows.
 */
final class DecoderOperands implements Whole.Operands {
  private static final long WIDEST_HEAD = 64;
  private static final float EPSILON = 1e-5f;

  private final Setup setup;
  private final Op op;
  private final Arena arena;
  private final long m;
  private final long n;
  private final long k;
  private final long head;
  private final DType dtype;

  DecoderOperands(Setup setup, Op op, Arena arena) {
    this.setup = setup;
    this.op = op;
    this.arena = arena;
    this.m = Math.max(setup.m(), 1);
    this.n = op == Op.REFRESH24 ? Math.max(setup.n() / 4 * 4, 4) : setup.n(); // whole groups
    this.head = Math.clamp(setup.k(), 1, WIDEST_HEAD);
    this.k = attends() ? setup.k() / head * head : setup.k();
    this.dtype = setup.dtype();
  }

  private boolean attends() {
    return op == Op.ATTENTION || op == Op.ATTENTION_GRAD;
  }

  private Matrix host(long rows, long cols, DType type, int seed) {
    return Setup.random(arena, rows, cols, type, seed);
  }

  private record Made(Runnable work, List<Output> outputs) implements Call {
    @Override
    public void run() {
      work.run();
    }
  }

  /** One session's memory, and what is made in it. */
  private final class Place {
    private final Session session;
    private final Scratch memory;

    Place(Session session, Scratch memory) {
      this.session = session;
      this.memory = memory;
    }

    Matrix in(Matrix host) {
      return setupCopy(session, memory, host);
    }

    Matrix normal(long rows, long cols, DType type, int seed) {
      return in(host(rows, cols, type, seed));
    }

    /** Of any type. */
    Matrix bits(long rows, long cols, DType type) {
      return in(Setup.quantized(session, arena, host(rows, cols, type, 1), type));
    }

    Matrix blank(long rows, long cols, DType type) {
      return memory.matrix(rows, cols, type);
    }

    Ids ids(long count, int end) {
      Ids ids = Ids.allocate(arena, count);
      Random random = new Random(11);
      for (long i = 0; i < count; i++) {
        ids.set(i, random.nextInt(end));
      }
      Ids there = memory.ids(count);
      session.copy(ids.buffer(), there.buffer());
      return there;
    }
  }

  private static Matrix setupCopy(Session session, Scratch memory, Matrix host) {
    Matrix copy = memory.matrix(host.rows(), host.cols(), host.dtype());
    session.copy(host.buffer(), copy.buffer());
    return copy;
  }

  private static Output written(String name, Matrix matrix, Tolerance tolerance) {
    return new Output(name, matrix, null, tolerance);
  }

  /** An output that is read too: new memory with what the host has. */
  private static Output updated(Place place, String name, Matrix before, Tolerance tolerance) {
    return new Output(name, place.in(before), before, tolerance);
  }

  private static Made made(Runnable work, Output... outputs) {
    return new Made(work, List.of(outputs));
  }

  @Override
  public Call in(Session session, Scratch memory, boolean part) {
    Place place = new Place(session, memory);
    return switch (op) {
      case REFRESH24 -> refresh(place);
      case TRANSPOSE -> {
        Matrix x = place.bits(n, k, dtype);
        Matrix out = place.blank(k, n, dtype);
        yield made(() -> session.transpose(x, out), written("out", out, Tolerance.EXACT));
      }
      case AXPBY -> {
        Matrix x = place.normal(n, k, setup.xDtype(), 1);
        Output y = updated(place, "y", host(n, k, dtype, 2), Tolerance.step(dtype, 8));
        yield made(() -> session.axpby(0.5f, x, 0.5f, y.matrix()), y);
      }
      case EMBED -> {
        Ids ids = place.ids(m, (int) n);
        Matrix table = place.normal(n, k, dtype, 1);
        Matrix x = place.blank(m, k, dtype);
        yield made(() -> session.layers().embed(ids, table, x), written("x", x, Tolerance.EXACT));
      }
      case EMBED_GRAD -> {
        Ids ids = place.ids(m, (int) n);
        Matrix x = place.normal(m, k, dtype, 1);
        Output table =
            updated(place, "table", host(n, k, DType.F32, 2), Tolerance.gemm(DType.F32, m + 4, 1));
        yield made(() -> session.layers().embedGrad(ids, x, table.matrix()), table);
      }
      case RMSNORM -> {
        Matrix x = place.normal(m, k, dtype, 1);
        Matrix w = place.normal(1, k, DType.F32, 2);
        Matrix y = place.blank(m, k, dtype);
        yield made(
            () -> session.layers().rmsnorm(x, w, EPSILON, y, null),
            written("y", y, Tolerance.step(dtype, 16)));
      }
      case RMSNORM_GRAD -> rmsnormGrad(place);
      case ROPE -> {
        Matrix angles = host(m, k / 2, DType.F32, 1);
        Matrix cosines = place.in(each(angles, Math::cos));
        Matrix sines = place.in(each(angles, Math::sin));
        Output x = updated(place, "x", host(m, k / 2 * 2, dtype, 2), Tolerance.step(dtype, 8));
        yield made(() -> session.layers().rope(cosines, sines, 1, 0, m, false, x.matrix()), x);
      }
      case ATTENTION -> attention(place, part ? head : k);
      case ATTENTION_GRAD -> attentionGrad(place, part ? head : k);
      case SWIGLU -> {
        Matrix g = place.normal(m, k, dtype, 1);
        Matrix u = place.normal(m, k, dtype, 2);
        Matrix y = place.blank(m, k, dtype);
        yield made(
            () -> session.layers().swiglu(g, u, y), written("y", y, Tolerance.step(dtype, 16)));
      }
      case SWIGLU_GRAD -> {
        Matrix g = place.normal(m, k, dtype, 1);
        Matrix u = place.normal(m, k, dtype, 2);
        Matrix dy = place.normal(m, k, dtype, 3);
        Matrix dg = place.blank(m, k, dtype);
        Matrix du = place.blank(m, k, dtype);
        yield made(
            () -> session.layers().swigluGrad(g, u, dy, dg, du),
            written("dg", dg, Tolerance.step(dtype, 32)),
            written("du", du, Tolerance.step(dtype, 32)));
      }
      case CROSS_ENTROPY -> {
        Matrix logits = place.normal(m, k, dtype, 1);
        Ids targets = place.ids(m, (int) k);
        Matrix loss = place.blank(1, m, DType.F32);
        Matrix gradient = place.blank(m, k, dtype);
        yield made(
            () -> session.layers().crossEntropy(logits, targets, 1, loss, gradient),
            written("loss", loss, Tolerance.gemm(DType.F32, 64, 1)),
            written("gradient", gradient, Tolerance.gemm(dtype, 64, 1)));
      }
      default -> throw new IllegalArgumentException("op: " + op.id() + " is none of a decoder's");
    };
  }

  private interface Function {
    double of(double v);
  }

  private Matrix each(Matrix x, Function function) {
    Matrix y = Matrix.allocate(arena, x.rows(), x.cols(), x.dtype());
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        y.set(i, j, (float) function.of(x.get(i, j)));
      }
    }
    return y;
  }

  private Call refresh(Place place) {
    Session session = place.session;
    Matrix dense = place.normal(n, k, dtype, 1);
    Compressed24 w = place.memory.compressed(n, k, dtype);
    session.prune24(dense, ScoreKind.MAGNITUDE, null, w);
    Compressed24 t = place.memory.compressed(k, n, dtype);
    session.doublePrune24(w, t);
    return made(() -> session.refresh24(w, t), written("values", t.values(), Tolerance.EXACT));
  }

  private Call rmsnormGrad(Place place) {
    Matrix hostX = host(m, k, dtype, 1);
    Matrix x = place.in(hostX);
    Matrix w = place.normal(1, k, DType.F32, 2);
    Matrix r = place.in(roots(hostX));
    Matrix dy = place.normal(m, k, dtype, 3);
    Matrix dx = place.blank(m, k, dtype);
    Output dw = updated(place, "dw", host(1, k, DType.F32, 4), Tolerance.gemm(DType.F32, m + 8, 8));
    return made(
        () -> place.session.layers().rmsnormGrad(x, w, r, dy, 0, dx, dw.matrix()),
        written("dx", dx, Tolerance.gemm(dtype, 64, 8)),
        dw);
  }

  /** What rmsnorm gives beside y. */
  private Matrix roots(Matrix x) {
    Matrix r = Matrix.allocate(arena, 1, x.rows(), DType.F32);
    for (long i = 0; i < x.rows(); i++) {
      double squares = 0;
      for (long j = 0; j < x.cols(); j++) {
        squares += (double) x.get(i, j) * x.get(i, j);
      }
      r.set(0, i, (float) (1 / Math.sqrt(squares / x.cols() + EPSILON)));
    }
    return r;
  }

  private AttentionShape shape(long cols) {
    return new AttentionShape(1, cols / head, cols / head, 0.125f, true);
  }

  /** The first columns of a sequence. */
  private Matrix columns(Place place, long cols, int seed) {
    Matrix whole = host(m, k, dtype, seed);
    Matrix first = Matrix.allocate(arena, m, cols, dtype);
    for (long i = 0; i < m; i++) {
      for (long j = 0; j < cols; j++) {
        first.set(i, j, whole.get(i, j));
      }
    }
    return place.in(first);
  }

  private Call attention(Place place, long cols) {
    AttentionShape shape = shape(cols);
    Matrix q = columns(place, cols, 1);
    Matrix key = columns(place, cols, 2);
    Matrix v = columns(place, cols, 3);
    Matrix y = place.blank(m, cols, dtype);
    return made(
        () -> place.session.layers().attention(shape, m, q, key, v, y, null),
        written("y", y, Tolerance.gemm(dtype, head + 64, 1)));
  }

  private Call attentionGrad(Place place, long cols) {
    AttentionShape shape = shape(cols);
    Matrix q = columns(place, cols, 1);
    Matrix key = columns(place, cols, 2);
    Matrix v = columns(place, cols, 3);
    Matrix y = place.blank(m, cols, dtype);
    Matrix lse = place.blank(m, cols / head, DType.F32);
    place.session.layers().attention(shape, m, q, key, v, y, lse);
    Matrix dy = columns(place, cols, 4);
    Matrix dq = place.blank(m, cols, dtype);
    Matrix dk = place.blank(m, cols, dtype);
    Matrix dv = place.blank(m, cols, dtype);
    Tolerance tolerance = Tolerance.gemm(dtype, head + 64 + m, 2);
    return made(
        () -> place.session.layers().attentionGrad(shape, m, q, key, v, y, lse, dy, dq, dk, dv),
        written("dq", dq, tolerance),
        written("dk", dk, tolerance),
        written("dv", dv, tolerance));
  }

  @Override
  public double bytes() {
    double tokens = (double) m * k * dtype.bytes();
    double weight = (double) n * k * dtype.bytes();
    return switch (op) {
      case REFRESH24 -> weight + (double) n * k / 4;
      case TRANSPOSE -> 2 * weight;
      case AXPBY -> 2 * weight + (double) n * k * setup.xDtype().bytes();
      case EMBED, RMSNORM, ROPE, CROSS_ENTROPY -> 2 * tokens;
      case EMBED_GRAD -> tokens + 8.0 * m * k;
      case RMSNORM_GRAD, SWIGLU -> 3 * tokens;
      case ATTENTION -> 4 * tokens;
      case ATTENTION_GRAD -> 8 * tokens;
      case SWIGLU_GRAD -> 5 * tokens;
      default -> throw new IllegalArgumentException("op: " + op.id() + " is none of a decoder's");
    };
  }
}
