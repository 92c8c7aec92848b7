package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * The operations that move memory: norms, scoring, selection, compression, packing, quantization.
 * Each call uses the next set of operands: all that it reads and writes.
 */
final class Operations implements Workload {
  /** Rows compared with the oracle, the first and the last among them. */
  private static final int CHECKED = 16;

  private final Setup setup;
  private final Op op;
  private final Arena arena = Arena.ofShared();
  private final Scratch scratch;

  /** The weight; for norms, the activations. */
  private final Matrix host;

  private final Matrix hostNorms;
  private final Operands[] sets;
  private int next;

  Operations(Setup setup, Op op) {
    this.setup = setup;
    this.op = op;
    this.scratch = setup.session().scratch();
    long rows = op == Op.ACCUMULATE_NORMS ? Math.max(setup.m(), 1) : setup.n();
    DType dtype = op == Op.SELECT ? DType.F32 : op == Op.QUANTIZE ? setup.xDtype() : setup.dtype();
    this.host =
        Setup.quantized(
            setup.session(), arena, Setup.random(arena, rows, setup.k(), dtype, 4), dtype);
    this.hostNorms = Matrix.allocate(arena, 1, setup.k(), DType.F32);
    for (long j = 0; j < setup.k(); j++) {
      hostNorms.set(0, j, (float) (1 + j % 7));
    }
    this.sets = new Operands[setup.copies((long) bytes())];
    try (Scratch temporary = setup.session().scratch()) {
      Matrix there = temporary.upload(host);
      Matrix scores = temporary.upload(inF32(host));
      for (int i = 0; i < sets.length; i++) {
        sets[i] = operands(setup.session(), scratch, host, there, scores);
      }
      setup.session().synchronize();
    }
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

  /** What one call reads and writes; what the operation has no use for is empty. */
  record Operands(
      Matrix w,
      Matrix s,
      Matrix scores,
      Compressed24 sparse,
      Matrix dense,
      Packed24 packed,
      Matrix quantized) {}

  /** The operands of the next call. */
  Operands operands() {
    return sets[next];
  }

  private Matrix inF32(Matrix matrix) {
    Matrix copy = Matrix.allocate(arena, matrix.rows(), matrix.cols(), DType.F32);
    for (long i = 0; i < matrix.rows(); i++) {
      for (long j = 0; j < matrix.cols(); j++) {
        copy.set(i, j, matrix.get(i, j));
      }
    }
    return copy;
  }

  private Operands operands(
      Session session, Scratch memory, Matrix source, Matrix there, Matrix scores) {
    long rows = source.rows();
    long k = source.cols();
    DType dtype = source.dtype();
    boolean fromCanonical = op == Op.DECOMPRESS24 || op == Op.PACK24 || op == Op.UNPACK24;
    boolean canonical = op != Op.ACCUMULATE_NORMS && op != Op.SCORE && op != Op.QUANTIZE;
    boolean toDense = op == Op.DECOMPRESS24 || op == Op.APPLY_MASK;
    boolean inPacked = op == Op.PACK24 || op == Op.UNPACK24;

    Matrix w = memory.matrix(fromCanonical ? 0 : rows, k, dtype);
    if (!fromCanonical) {
      session.copy(source.buffer(), w.buffer());
    }
    Matrix s = memory.matrix(1, k, DType.F32);
    session.copy(hostNorms.buffer(), s.buffer());
    Compressed24 sparse = memory.compressed(canonical ? rows : 0, k, dtype);
    if (canonical) {
      session.select(scores, 2, 4, sparse.mask());
      session.gather24(there, sparse);
    }
    Compressed24 toPack = inPacked ? sparse : memory.compressed(0, k, dtype);
    int layout = session.packedLayout(dtype, 0, toPack.n(), k);
    long bytes = session.packedBytes(dtype, layout, toPack.n(), k);
    return new Operands(
        w,
        s,
        memory.matrix(op == Op.SCORE ? rows : 0, k, DType.F32),
        sparse,
        memory.matrix(toDense ? rows : 0, k, dtype),
        session.pack24(toPack, layout, memory.buffer(bytes)),
        memory.matrix(op == Op.QUANTIZE ? rows : 0, k, setup.dtype()));
  }

  @Override
  public void run() {
    Operands set = sets[next];
    next = next + 1 == sets.length ? 0 : next + 1;
    apply(setup.session(), set);
  }

  private void apply(Session session, Operands o) {
    switch (op) {
      case ACCUMULATE_NORMS -> session.accumulateNorms(o.w(), o.s(), 0.5f, 0.5f);
      case SCORE -> session.score(o.w(), ScoreKind.WANDA, o.s(), o.scores());
      case SELECT -> session.select(o.w(), 2, 4, o.sparse().mask());
      case PRUNE24 -> session.prune24(o.w(), ScoreKind.WANDA, o.s(), o.sparse());
      case COMPRESS24 -> session.gather24(o.w(), o.sparse());
      case DECOMPRESS24 -> session.decompress24(o.sparse(), o.dense());
      case APPLY_MASK -> session.applyMask(o.w(), o.sparse().mask(), o.dense());
      case PACK24 -> session.pack24(o.sparse(), o.packed().layout(), o.packed().buffer());
      case UNPACK24 -> session.unpack24(o.packed(), o.sparse());
      case QUANTIZE -> session.quantize(o.w(), o.quantized());
      default -> throw notHere();
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
      case QUANTIZE -> w + elements + 4.0 * host.rows();
      default -> throw notHere();
    };
  }

  @Override
  public double rotatedBytes() {
    return bytes() * sets.length;
  }

  /** These operations are exact but for the rounding of norms; rows do not depend on each other. */
  @Override
  public double check(Runnable call) {
    Operands set = sets[next];
    overwrite(set);
    call.run();
    setup.session().synchronize();
    Matrix chosen = host;
    long[] rows = new long[0];
    if (op != Op.ACCUMULATE_NORMS) {
      rows = chosenRows();
      chosen = gather(rows);
    }
    try (Session oracle = Backends.open(ReferenceBackend.NAME);
        Scratch theirs = oracle.scratch();
        Scratch mine = setup.session().scratch();
        Arena temporary = Arena.ofConfined()) {
      Operands reference = operands(oracle, theirs, chosen, chosen, inF32(chosen));
      apply(oracle, reference);
      if (op == Op.ACCUMULATE_NORMS) {
        return compareNorms(reference.s(), onHost(mine, temporary, set.s()));
      }
      List<Output> expected = outputs(oracle, theirs, temporary, reference);
      List<Output> actual = outputs(setup.session(), mine, temporary, set);
      for (int i = 0; i < expected.size(); i++) {
        compareRows(expected.get(i), actual.get(i), rows);
      }
      return 0;
    }
  }

  private void overwrite(Operands o) {
    switch (op) {
      case ACCUMULATE_NORMS -> setup.session().copy(hostNorms.buffer(), o.s().buffer());
      case SCORE -> setup.poison(o.scores().buffer());
      case SELECT -> setup.poison(o.sparse().mask().buffer());
      case PRUNE24, UNPACK24 -> {
        setup.poison(o.sparse().values().buffer());
        setup.poison(o.sparse().mask().buffer());
      }
      case COMPRESS24 -> setup.poison(o.sparse().values().buffer());
      case DECOMPRESS24, APPLY_MASK -> setup.poison(o.dense().buffer());
      case PACK24 -> setup.poison(o.packed().buffer());
      case QUANTIZE -> {
        setup.poison(o.quantized().buffer());
        setup.poison(scales(o.quantized()).buffer());
      }
      default -> throw notHere();
    }
  }

  private IllegalArgumentException notHere() {
    return new IllegalArgumentException("op: " + op.id() + " has a workload of its own");
  }

  private static Matrix scales(Matrix quantized) {
    return Objects.requireNonNull(quantized.rowScales());
  }

  private long[] chosenRows() {
    Random random = new Random(5);
    long n = host.rows();
    return LongStream.concat(LongStream.of(0, n - 1), random.longs(CHECKED, 0, n))
        .sorted()
        .distinct()
        .toArray();
  }

  private Matrix gather(long[] rows) {
    Matrix gathered = Matrix.allocate(arena, rows.length, host.cols(), host.dtype());
    long bytes = host.cols() * host.dtype().bytes();
    for (int i = 0; i < rows.length; i++) {
      MemorySegment.copy(host.segment(), rows[i] * bytes, gathered.segment(), i * bytes, bytes);
    }
    return gathered;
  }

  private record Output(String name, MemorySegment bytes, long rowBytes) {}

  /** What the operation wrote, on the host. */
  private List<Output> outputs(Session session, Scratch memory, Arena arena, Operands o) {
    return switch (op) {
      case SCORE -> List.of(output("scores", memory, arena, o.scores()));
      case SELECT -> List.of(output(memory, arena, o.sparse().mask()));
      case COMPRESS24 -> List.of(output("values", memory, arena, o.sparse().values()));
      case DECOMPRESS24, APPLY_MASK -> List.of(output("dense", memory, arena, o.dense()));
      case PRUNE24, UNPACK24 -> outputs(memory, arena, o.sparse());
      case PACK24 -> {
        Compressed24 back = memory.compressed(o.sparse().n(), o.sparse().k(), o.sparse().dtype());
        try {
          session.unpack24(o.packed(), back);
          session.synchronize();
        } catch (Sparse24Exception.BadData e) {
          throw new WrongResult("pack24: what it packed is not what the oracle has: " + e);
        }
        yield outputs(memory, arena, back);
      }
      case QUANTIZE ->
          List.of(
              output("out", memory, arena, o.quantized()),
              new Output("scales", onHost(memory, arena, scales(o.quantized())).segment(), 4));
      default -> throw notHere();
    };
  }

  private static List<Output> outputs(Scratch memory, Arena arena, Compressed24 sparse) {
    return List.of(
        output("values", memory, arena, sparse.values()), output(memory, arena, sparse.mask()));
  }

  private static Output output(String name, Scratch memory, Arena arena, Matrix matrix) {
    return new Output(
        name, onHost(memory, arena, matrix).segment(), matrix.cols() * matrix.dtype().bytes());
  }

  private static Output output(Scratch memory, Arena arena, Mask mask) {
    Mask copy = Mask.allocate(arena, mask.rows(), mask.cols());
    memory.download(mask, copy);
    return new Output("mask", copy.segment(), Mask.rowBytes(mask.cols()));
  }

  private static Matrix onHost(Scratch memory, Arena arena, Matrix matrix) {
    Matrix copy = Matrix.allocate(arena, matrix.rows(), matrix.cols(), matrix.dtype());
    memory.download(matrix, copy);
    return copy;
  }

  private static double compareNorms(Matrix expected, Matrix actual) {
    Errors errors = new Errors(Tolerance.norms());
    for (long j = 0; j < expected.cols(); j++) {
      errors.add("s", 0, j, expected.get(0, j), actual.get(0, j));
    }
    return errors.relative();
  }

  private void compareRows(Output expected, Output actual, long[] rows) {
    long width = expected.rowBytes();
    for (int i = 0; i < rows.length; i++) {
      long e = i * width;
      long a = rows[i] * width;
      long at =
          MemorySegment.mismatch(expected.bytes(), e, e + width, actual.bytes(), a, a + width);
      if (at >= 0) {
        throw new WrongResult(
            op.id()
                + ": "
                + actual.name()
                + ", row "
                + rows[i]
                + ", byte "
                + at
                + " differs from the oracle's");
      }
    }
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
