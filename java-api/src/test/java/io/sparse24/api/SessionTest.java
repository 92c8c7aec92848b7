package io.sparse24.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * How sessions guard the boundary: wrong arguments, closed handles, threads. On the best backend
 * that opens and takes host memory, as these tests hand it over.
 */
final class SessionTest {
  private static final String HOST =
      Backends.names().stream().filter(SessionTest::takesHostMemory).findFirst().orElseThrow();

  static boolean takesHostMemory(String backend) {
    try (Session session = Backends.open(backend)) {
      return session.info().hostMemory();
    } catch (Sparse24Exception.Unsupported e) {
      return false;
    }
  }

  private static Matrix matrix(Arena arena, long rows, long cols) {
    return Matrix.allocate(arena, rows, cols, DType.F32);
  }

  private static void refused(String part, Executable call) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.toString());
  }

  @Test
  void wrongArgumentsAreNamed() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      Matrix x = matrix(arena, 2, 8);
      Matrix w = matrix(arena, 3, 8);
      Matrix y = matrix(arena, 2, 3);
      refused("x: is 2 x 8 F32, must be m x 12", () -> s.gemm(x, matrix(arena, 3, 12), y));
      refused("y: is 2 x 3 F32, must be 2 x 4", () -> s.gemm(x, matrix(arena, 4, 8), y));
      refused(
          "y: is 2 x 3 F32, must be 2 x 3 BF16",
          () ->
              s.gemm(
                  Matrix.allocate(arena, 2, 8, DType.BF16),
                  Matrix.allocate(arena, 3, 8, DType.BF16),
                  y));
      refused("c: is null", () -> s.gemm(x, w, null, y, new Epilogue(1, 1, null, Activation.NONE)));
      refused(
          "bias: is 1 x 2 F32, must be 1 x 3",
          () -> s.gemm(x, w, null, y, Epilogue.of(matrix(arena, 1, 2), Activation.NONE)));
      refused("bias: is 2 x 3", () -> Epilogue.of(matrix(arena, 2, 3), Activation.NONE));
      refused("k: is 10, must be a multiple of 4", () -> s.packedBytes(DType.F32, 0, 1, 10));
      refused("s: is null, WANDA", () -> s.score(w, ScoreKind.WANDA, null, matrix(arena, 3, 8)));
      refused(
          "s: must be null",
          () -> s.score(w, ScoreKind.MAGNITUDE, matrix(arena, 1, 8), matrix(arena, 3, 8)));
      refused("keep: is 5", () -> s.select(w, 5, 4, Mask.allocate(arena, 3, 8)));
      refused("of: is 65", () -> s.select(w, 1, 65, Mask.allocate(arena, 3, 8)));
      refused("multiple of 3", () -> s.select(w, 1, 3, Mask.allocate(arena, 3, 8)));
      refused("decay: is NaN", () -> s.accumulateNorms(x, matrix(arena, 1, 8), Float.NaN, 1));
      refused("not a multiple of 4", () -> Compressed24.allocate(arena, 2, 6, DType.F32));
      Compressed24 sparse = Compressed24.allocate(arena, 3, 8, DType.F32);
      s.prune24(w, ScoreKind.MAGNITUDE, null, sparse);
      int layout = s.packedLayout(DType.F32, 1, 3, 8);
      refused("buffer: has 1 bytes", () -> s.pack24(sparse, layout, HostBuffer.allocate(arena, 1)));
      try (Session other = Backends.open(ReferenceBackend.NAME)) {
        if (!s.info().backend().equals(ReferenceBackend.NAME)) {
          Packed24 foreign =
              other.pack24(
                  sparse, 0, HostBuffer.allocate(arena, other.packedBytes(DType.F32, 0, 3, 8)));
          refused("packed for backend reference", () -> s.spmm24(x, foreign, y));
        }
      }
    }
  }

  @Test
  void wrongTypesAndScalesAreNamed() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      Matrix x = matrix(arena, 2, 8);
      Matrix y = matrix(arena, 2, 3);
      Matrix bf16 = Matrix.allocate(arena, 2, 3, DType.BF16);
      Matrix i8 = Matrix.allocate(arena, 2, 8, DType.I8);
      Matrix w = Matrix.allocate(arena, 3, 8, DType.I8);
      Matrix bare = Matrix.of(w.segment(), 3, 8, DType.I8);
      s.gemm(x, w, y);
      s.gemm(i8, w, y);
      s.gemm(i8, w, bf16);
      refused(
          "x: is 2 x 8 F16, must be m x 8 F32 or BF16 or I8",
          () -> s.gemm(Matrix.allocate(arena, 2, 8, DType.F16), w, y));
      refused(
          "x: is 2 x 8 I8, must be m x 8 F32 or BF16 or F8_E4M3",
          () -> s.gemm(i8, Matrix.allocate(arena, 3, 8, DType.F8_E4M3), y));
      refused("x: is 2 x 8 I8, must be m x 8 F32", () -> s.gemm(i8, matrix(arena, 3, 8), y));
      refused("y: is 2 x 3 BF16, must be 2 x 3 F32", () -> s.gemm(x, w, bf16));
      refused(
          "y: is 2 x 3 F16, must be 2 x 3 F32 or BF16",
          () -> s.gemm(i8, w, Matrix.allocate(arena, 2, 3, DType.F16)));
      refused(
          "c: is 2 x 3 F32, must be 2 x 3 BF16",
          () -> s.gemm(i8, w, y, bf16, new Epilogue(1, 1, null, Activation.NONE)));
      refused("w.scales: are missing, I8 needs 1 x 3 F32", () -> s.gemm(x, bare, y));
      refused(
          "x.scales: are missing, I8 needs 1 x 2 F32",
          () -> s.gemm(Matrix.of(i8.segment(), 2, 8, DType.I8), w, y));
      Matrix long1 = Matrix.allocate(arena, 1, 1 << 17, DType.I8);
      Matrix long2 = Matrix.allocate(arena, 1, 1 << 17, DType.I8);
      refused(
          "k: is 131072, must be less than 2^17", () -> s.gemm(long1, long2, matrix(arena, 1, 1)));

      Compressed24 sparse =
          new Compressed24(Matrix.of(w.segment(), 3, 4, DType.I8), mask(arena, 3));
      int layout = s.packedLayout(DType.I8, 1, 3, 8);
      Packed24 packed =
          s.pack24(
              sparse, layout, HostBuffer.allocate(arena, s.packedBytes(DType.I8, layout, 3, 8)));
      refused("w.scales: are missing", () -> s.spmm24(x, packed, y));
      Packed24 scaled =
          s.pack24(
              new Compressed24(sparse.values().withRowScales(matrix(arena, 1, 3)), sparse.mask()),
              layout,
              HostBuffer.allocate(arena, s.packedBytes(DType.I8, layout, 3, 8)));
      Matrix r = matrix(arena, 3, 5);
      refused(
          "t: is 3 x 5 F32, must be 2 x rank F32",
          () -> s.spmm24(x, scaled, null, y, Epilogue.NONE, new LowRank(r, r)));
      refused(
          "r: is 2 x 5 F32, must be 3 x 5 F32",
          () -> {
            Matrix t = matrix(arena, 2, 5);
            s.spmm24(x, scaled, null, y, Epilogue.NONE, new LowRank(t, t));
          });
      refused("r: is 3 x 4 F32, must be n x 5 F32", () -> new LowRank(r, matrix(arena, 3, 4)));
      refused("t: is 2 x 8 I8, must be of F32 or BF16 or F16", () -> new LowRank(i8, i8));
      refused(
          "x: is 2 x 8 I8, must be of F32",
          () -> s.spmm24(i8, scaled, null, y, Epilogue.NONE, new LowRank(matrix(arena, 2, 5), r)));

      refused("scales: must be null for F32", () -> x.withRowScales(matrix(arena, 1, 2)));
      refused(
          "scales: is 1 x 3 F32, must be 1 x 2 F32", () -> i8.withRowScales(matrix(arena, 1, 3)));
      refused(
          "scales: is 1 x 2 BF16, must be 1 x 2 F32",
          () -> i8.withRowScales(Matrix.allocate(arena, 1, 2, DType.BF16)));
    }
  }

  /** Of 8 columns, the first two of each four kept. */
  private static Mask mask(Arena arena, long rows) {
    Mask mask = Mask.allocate(arena, rows, 8);
    mask.segment().fill((byte) 0x33);
    return mask;
  }

  @Test
  void wrongArgumentsOfQuantizationAndTrainingAreNamed() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      Matrix x = matrix(arena, 2, 8);
      Matrix q = Matrix.allocate(arena, 2, 8, DType.I8);
      refused("out: is 2 x 8 F32, must be 2 x 8 I8 or F8_E4M3", () -> s.quantize(x, x));
      refused("out: is 2 x 8 I8, must be 3 x 8", () -> s.quantize(matrix(arena, 3, 8), q));
      refused("x: is 2 x 8 I8, must be of F32 or BF16 or F16", () -> s.quantize(q, q));
      refused(
          "out.scales: are missing", () -> s.quantize(x, Matrix.of(q.segment(), 2, 8, DType.I8)));

      Matrix dy = matrix(arena, 2, 4);
      Mask mask = mask(arena, 4);
      Matrix values = matrix(arena, 4, 4);
      refused(
          "dy: is 2 x 4 F32, must be 3 x 4",
          () -> s.sddmm24(dy, matrix(arena, 3, 8), mask, values));
      refused(
          "dy: is 2 x 4 F32, must be 2 x 4 BF16",
          () -> s.sddmm24(dy, Matrix.allocate(arena, 2, 8, DType.BF16), mask, values));
      refused("mask: is a mask of 4 x 8, must be n x 4", () -> s.sddmm24(dy, dy, mask, values));
      refused(
          "values: is 4 x 8 F32, must be 4 x 4", () -> s.sddmm24(dy, x, mask, matrix(arena, 4, 8)));
      refused(
          "x: k: is 6, must be a multiple of 4",
          () -> s.sddmm24(dy, matrix(arena, 2, 6), mask, values));
      refused("x: is 2 x 8 I8, must be of F32", () -> s.sddmm24(q, q, mask, values));

      Compressed24 w = new Compressed24(values, mask);
      refused(
          "out: is 4 x 8 F32, must be 8 x 4 F32",
          () -> s.doublePrune24(w, Compressed24.allocate(arena, 4, 8, DType.F32)));
      refused(
          "in: n: is 3, must be a multiple of 4",
          () ->
              s.doublePrune24(
                  new Compressed24(values.rowSlice(0, 3), mask(arena, 3)),
                  Compressed24.allocate(arena, 8, 4, DType.F32)));
      refused(
          "in.values: is 4 x 4 I8, must be of F32",
          () ->
              s.doublePrune24(
                  new Compressed24(Matrix.allocate(arena, 4, 4, DType.I8), mask),
                  Compressed24.allocate(arena, 8, 4, DType.I8)));

      Compressed24 turned = Compressed24.allocate(arena, 8, 4, DType.F32);
      refused(
          "transpose: is 4 x 8 F32, must be 8 x 4 F32",
          () ->
              prune24Both(
                  s, matrix(arena, 4, 8), w, Compressed24.allocate(arena, 4, 8, DType.F32)));
      refused(
          "out: is a 2:4 weight of 8 x 4 F32, must be of 4 x 8 F32",
          () -> prune24Both(s, matrix(arena, 4, 8), turned, turned));
      refused(
          "w: n: is 3, must be a multiple of 4",
          () -> prune24Both(s, matrix(arena, 3, 8), w, turned));
      refused(
          "w: is 4 x 8 I8, must be of F32",
          () -> prune24Both(s, Matrix.allocate(arena, 4, 8, DType.I8), w, turned));
      refused("s: ", () -> s.prune24Both(matrix(arena, 4, 8), ScoreKind.WANDA, null, w, turned));
    }
  }

  private static void prune24Both(Session s, Matrix w, Compressed24 out, Compressed24 transpose) {
    s.prune24Both(w, ScoreKind.MAGNITUDE, null, out, transpose);
  }

  @Test
  void wrongArgumentsOfFactorsAreNamed() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      Matrix w = matrix(arena, 4, 8);
      Matrix columns = matrix(arena, 1, 8);
      Matrix rows = matrix(arena, 1, 4);
      Matrix out = matrix(arena, 4, 8);
      ScoreFactors good = ScoreFactors.ofColumns(columns);
      refused(
          "power: is 3, must be 1 or 2",
          () -> new ScoreFactors(3, columns, null, null, null, 0, 0));
      refused(
          "r: is null, b is not, they are one term",
          () -> new ScoreFactors(1, null, columns, null, null, 0, 0));
      refused(
          "a, b, g: are all null, one term at least must be there",
          () -> new ScoreFactors(1, null, null, null, null, 0, 0));
      refused("gScale: is NaN", () -> ScoreFactors.ofElements(out, Float.NaN, 0));
      refused(
          "factors.a: is 1 x 4 F32, must be 1 x 8 F32",
          () -> s.score(w, ScoreFactors.ofColumns(rows), out));
      refused(
          "factors.r: is 1 x 8 F32, must be 1 x 4 F32",
          () -> s.score(w, good.plusRows(columns, columns), out));
      refused(
          "factors.g: is 1 x 8 F32, must be 4 x 8 F32",
          () -> s.score(w, good.plusElements(columns, 1, 0), out));
      refused("out: is 1 x 8 F32, must be 4 x 8 F32", () -> s.score(w, good, columns));
      refused(
          "w: k: is 6, must be a multiple of 4",
          () ->
              s.prune24(matrix(arena, 4, 6), good, Compressed24.allocate(arena, 4, 8, DType.F32)));
      refused(
          "x: is 0 x 8 F32, must have rows and columns",
          () -> s.margins(matrix(arena, 0, 8), matrix(arena, 1, 0), columns, columns));
      refused(
          "colSums: is 1 x 4 F32, must be 1 x 8 F32",
          () -> s.margins(w, rows, matrix(arena, 1, 4), matrix(arena, 1, 2)));
    }
  }

  @Test
  void wrongArgumentsOfCastsAndStepsAreNamed() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      Matrix x = matrix(arena, 2, 8);
      Matrix q = Matrix.allocate(arena, 2, 8, DType.I8);
      Matrix bf16 = Matrix.allocate(arena, 2, 8, DType.BF16);
      refused("out: is 2 x 8 I8, must be of F32 or BF16 or F16", () -> s.cast(x, q));
      refused("out: is 2 x 8 BF16, must be 3 x 8 BF16", () -> s.cast(matrix(arena, 3, 8), bf16));
      refused("x.scales: are missing", () -> s.cast(Matrix.of(q.segment(), 2, 8, DType.I8), bf16));

      Matrix g = matrix(arena, 2, 8);
      Matrix m = matrix(arena, 2, 8);
      Matrix v = matrix(arena, 2, 8);
      AdamW settings = AdamW.of(1e-3f);
      Sgd descent = new Sgd(1e-3f, 0.9f, 0);
      refused(
          "gradient: is 2 x 8 BF16, must be 2 x 8 F32",
          () -> s.adamw(bf16, x, m, v, bf16, settings, 1, 1));
      Matrix other = matrix(arena, 2, 4);
      refused("master: is 2 x 4", () -> s.adamw(g, other, m, v, bf16, settings, 1, 1));
      refused("m: is 2 x 4 F32, must be 2 x 8 F32", () -> s.sgd(g, x, other, bf16, descent, 1));
      refused("v: is 2 x 8 BF16", () -> s.adamw(g, x, m, bf16, bf16, settings, 1, 1));
      refused("values: is 2 x 8 I8, must be of F32", () -> s.sgd(g, x, m, q, descent, 1));
      refused(
          "values: is 2 x 4 F32, must be 2 x 8 F32",
          () -> s.adamw(g, x, m, v, other, settings, 1, 1));
      refused("step: is 0, must be at least 1", () -> s.adamw(g, x, m, v, bf16, settings, 0, 1));
      refused("gradScale: is NaN", () -> s.adamw(g, x, m, v, bf16, settings, 1, Float.NaN));
      refused(
          "gradScale: is Infinity", () -> s.sgd(g, x, m, bf16, descent, Float.POSITIVE_INFINITY));
      Matrix gaps = Matrix.of(HostBuffer.allocate(arena, 96), 0, 2, 8, 12, DType.F32);
      refused(
          "gradient: has row stride 12, must have 8, rows without gaps",
          () -> s.adamw(gaps, x, m, v, bf16, settings, 1, 1));
      refused("master: has row stride 12", () -> s.sgd(g, gaps, m, bf16, descent, 1));
      refused("m: has row stride 12", () -> s.sgd(g, x, gaps, bf16, descent, 1));
      refused("v: has row stride 12", () -> s.adamw(g, x, m, gaps, bf16, settings, 1, 1));
      refused("values: has row stride 12", () -> s.sgd(g, x, m, gaps, descent, 1));
      Matrix row = Matrix.of(HostBuffer.allocate(arena, 96), 0, 1, 8, 12, DType.F32);
      s.sgd(g.rowSlice(0, 1), x.rowSlice(0, 1), m.rowSlice(0, 1), row, descent, 1);
    }
  }

  @Test
  void wrongSettingsOfOptimizersAreNamed() {
    refused("lr: is NaN, must be finite", () -> AdamW.of(Float.NaN));
    refused("beta1: is 1.0, must be at least 0 and less than 1", () -> new AdamW(1, 1, 0, 0, 0));
    refused("beta1: is NaN", () -> new AdamW(1, Float.NaN, 0, 0, 0));
    refused("beta2: is -0.5", () -> new AdamW(1, 0, -0.5f, 0, 0));
    refused("epsilon: is -1.0, must be at least 0", () -> new AdamW(1, 0, 0, -1, 0));
    refused("epsilon: is Infinity", () -> new AdamW(1, 0, 0, Float.POSITIVE_INFINITY, 0));
    refused("weightDecay: is NaN", () -> new AdamW(1, 0, 0, 0, Float.NaN));
    refused("lr: is Infinity", () -> AdamW.of(1).withLr(Float.POSITIVE_INFINITY));
    refused("lr: is NaN", () -> new Sgd(Float.NaN, 0, 0));
    refused("momentum: is NaN", () -> new Sgd(0, Float.NaN, 0));
    refused("weightDecay: is NaN", () -> new Sgd(0, 0, Float.NaN));
    assertEquals(new AdamW(2, 0.9f, 0.999f, 1e-8f, 0.01f), AdamW.of(1).withLr(2));
    assertEquals(new Sgd(2, 0.5f, 0.25f), new Sgd(1, 0.5f, 0.25f).withLr(2));
  }

  @Test
  void rowScalesAreViewsThatComeAlong() {
    try (Session s = Backends.open(HOST);
        Scratch scratch = s.scratch();
        Arena arena = Arena.ofConfined()) {
      Matrix scales = matrix(arena, 1, 4);
      Matrix w = Matrix.of(arena.allocate(32), 4, 8, DType.I8).withRowScales(scales);
      scales.set(0, 2, 5);
      assertEquals(5, scales(w).get(0, 2));
      assertEquals(5, scales(w.rowSlice(2, 4)).get(0, 0));
      assertEquals(0, scales(w.rowSlice(4, 4)).cols());

      Compressed24 sparse = new Compressed24(w.rowSlice(0, 4), Mask.allocate(arena, 4, 16));
      sparse.mask().segment().fill((byte) 0x33);
      int layout = s.packedLayout(DType.I8, 1, 4, 16);
      long bytes = s.packedBytes(DType.I8, layout, 4, 16);
      Packed24 packed = s.pack24(sparse, layout, HostBuffer.allocate(arena, bytes));
      scales.set(0, 2, 7);
      assertEquals(7, Objects.requireNonNull(packed.rowScales()).get(0, 2));

      Matrix copy = scratch.matrix(4, 8, DType.I8);
      scratch.download(scratch.upload(w), copy);
      assertEquals(7, scales(copy).get(0, 2));
      Matrix bare = Matrix.of(copy.segment(), 4, 8, DType.I8);
      refused("to: has no row scales, from has", () -> scratch.download(w, bare));
      refused("to: has row scales, from has none", () -> scratch.download(bare, copy));
    }
  }

  private static Matrix scales(Matrix matrix) {
    return Objects.requireNonNull(matrix.rowScales());
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed early on purpose
  void scalesOfAClosedArenaAreAnIllegalState() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      Arena closed = Arena.ofShared();
      Matrix x = matrix(arena, 2, 8);
      Matrix y = matrix(arena, 2, 3);
      Matrix w = Matrix.of(arena.allocate(24), 3, 8, DType.I8).withRowScales(matrix(closed, 1, 3));
      s.gemm(x, w, y);
      closed.close();
      assertThrows(IllegalStateException.class, () -> s.gemm(x, w, y));
      assertThrows(IllegalStateException.class, () -> s.quantize(matrix(arena, 3, 8), w));
    }
  }

  @Test
  void viewsAreChecked() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(64, 64);
      refused("buffer: has 64 bytes", () -> Matrix.of(segment, 5, 4, DType.F32));
      refused("rowStride: is 3", () -> Matrix.of(HostBuffer.wrap(segment), 0, 2, 4, 3, DType.F32));
      refused("rows: is -1", () -> Matrix.of(segment, -1, 4, DType.F32));
      refused("offset: is -4", () -> Matrix.of(HostBuffer.wrap(segment), -4, 1, 1, 1, DType.F32));
      refused("multiple of 4", () -> Matrix.of(HostBuffer.wrap(segment), 2, 1, 1, 1, DType.F32));
      refused(
          "on the Java heap",
          () -> Matrix.of(MemorySegment.ofArray(new float[4]), 1, 4, DType.F32));
      refused("needs", () -> Mask.of(segment, 9, 64));
      refused(
          "rows, rowStride: 1099511627776 rows",
          () -> Matrix.of(HostBuffer.wrap(segment), 0, 1L << 40, 1L << 40, 1L << 40, DType.F32));
      refused("offset: is -1", () -> Mask.of(HostBuffer.wrap(segment), -1, 1, 8, 1));
      Matrix rows = Matrix.of(segment, 4, 4, DType.F32);
      rows.set(2, 1, 5);
      assertEquals(5, rows.rowSlice(2, 4).get(0, 1));
      assertEquals(0, rows.rowSlice(4, 4).rows());
      assertThrows(IndexOutOfBoundsException.class, () -> rows.rowSlice(2, 5));
      assertThrows(IndexOutOfBoundsException.class, () -> rows.get(0, 4));
    }
  }

  @Test
  void outputsMustNotShareMemoryWithInputs() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      HostBuffer wide = HostBuffer.allocate(arena, 4 * 16 * 4);
      Matrix left = Matrix.of(wide, 0, 4, 8, 16, DType.F32);
      Matrix right = Matrix.of(wide, 8 * 4, 4, 8, 16, DType.F32);
      Matrix middle = Matrix.of(wide, 4 * 4, 4, 8, 16, DType.F32);
      Matrix w = matrix(arena, 8, 8);
      s.gemm(left, w, right);
      refused("y: shares memory with x", () -> s.gemm(left, w, middle));
      refused("y: shares memory with w", () -> s.gemm(left, w, w.rowSlice(0, 4)));
    }
  }

  @Test
  void aCOfBetaZeroIsIgnored() {
    try (Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      Matrix x = matrix(arena, 2, 8);
      Matrix w = matrix(arena, 3, 8);
      Matrix y = matrix(arena, 2, 3);
      y.set(1, 2, 5);
      s.gemm(x, w, x, y, Epilogue.NONE);
      assertEquals(0, y.get(1, 2));
    }
  }

  @Test
  void extentsAreNamed() {
    long huge = 1L << 40;
    try (Session s = Backends.open(HOST);
        Session reference = Backends.open(ReferenceBackend.NAME);
        Scratch scratch = s.scratch();
        Arena arena = Arena.ofConfined()) {
      for (Session each : List.of(s, reference)) {
        refused("k: is -4", () -> each.packedBytes(DType.F32, 0, 1, -4));
        refused("n: is -1", () -> each.packedBytes(DType.F32, 0, -1, 4));
        refused("rows, cols: ", () -> each.packedBytes(DType.F32, 0, huge, huge));
        refused("m: is -1", () -> each.kernel(Op.GEMM, DType.F32, -1, 1, 1));
        refused("n: is -1", () -> each.kernel(Op.GEMM, DType.F32, 1, -1, 1));
        refused("k: is 1099511627777", () -> each.kernel(Op.GEMM, DType.F32, 1, 1, huge + 1));
      }
      refused("rows: is -1", () -> Matrix.allocate(arena, -1, 1, DType.F32));
      refused("rows, cols: ", () -> Matrix.allocate(arena, huge, huge, DType.F32));
      refused("rows: is -1", () -> Mask.allocate(arena, -1, 1));
      refused("rows, cols: ", () -> Mask.allocate(arena, huge, huge));
      refused("k: is -4", () -> Compressed24.allocate(arena, 1, -4, DType.F32));
      refused("n: is -1", () -> Compressed24.allocate(arena, -1, 4, DType.F32));
      refused("cols: is -1", () -> scratch.matrix(1, -1, DType.F32));
      refused("rows, cols: ", () -> scratch.matrix(huge, huge, DType.F32));
      refused("cols: is -1", () -> scratch.mask(1, -1));
      refused("rows, cols: ", () -> scratch.mask(huge, huge));
      refused("k: is -4", () -> scratch.compressed(1, -4, DType.F32));
    }
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed early on purpose
  void aClosedSessionOrArenaIsAnIllegalState() {
    Session s = Backends.open(HOST);
    Arena arena = Arena.ofShared();
    Matrix x = matrix(arena, 1, 8);
    Matrix w = matrix(arena, 8, 8);
    Matrix y = matrix(arena, 1, 8);
    arena.close();
    assertThrows(IllegalStateException.class, () -> s.gemm(x, w, y));
    s.close();
    s.close();
    assertThrows(IllegalStateException.class, s::synchronize);
    try (Arena again = Arena.ofConfined()) {
      Matrix fresh = matrix(again, 1, 8);
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () -> s.gemm(fresh, matrix(again, 8, 8), matrix(again, 1, 8)));
      assertTrue(String.valueOf(e.getMessage()).contains("closed"), e.toString());
    }
  }

  @Test
  void aSessionServesOneThreadAtATime() throws Exception {
    try (Session s = Backends.open(ReferenceBackend.NAME);
        Arena arena = Arena.ofShared()) {
      Matrix x = matrix(arena, 64, 512);
      Matrix w = matrix(arena, 512, 512);
      Matrix y = matrix(arena, 64, 512);
      AtomicReference<Throwable> seen = new AtomicReference<>();
      CountDownLatch started = new CountDownLatch(1);
      Thread worker =
          new Thread(
              () -> {
                started.countDown();
                try {
                  for (int i = 0; i < 50; i++) {
                    s.gemm(x, w, y);
                  }
                } catch (IllegalStateException e) {
                  seen.set(e);
                }
              },
              "worker");
      worker.start();
      started.await();
      while (worker.isAlive() && seen.get() == null) {
        try {
          s.gemm(x, w, y);
        } catch (IllegalStateException e) {
          seen.set(e);
        }
      }
      worker.join();
      Throwable e = seen.get();
      assertNotNull(e, "two threads were never seen inside one session");
      assertTrue(String.valueOf(e.getMessage()).contains("one thread at a time"), e.toString());
    }
  }

  @Test
  void sharedSessionsWorkSideBySideAndAgreeForAnyNumberOfThreads() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      Random random = new Random(7);
      Matrix x = matrix(arena, 33, 256);
      Matrix w = matrix(arena, 130, 256);
      fill(x, random);
      fill(w, random);
      List<byte[]> results = new ArrayList<>();
      for (int threads : new int[] {1, 2, 5}) {
        try (Session s = Backends.open(HOST, SessionOptions.threads(threads))) {
          Matrix y = matrix(arena, 33, 130);
          s.gemm(x, w, y);
          results.add(y.segment().toArray(ValueLayout.JAVA_BYTE));
        }
      }
      try (Session s = Backends.open(HOST)) {
        List<Thread> workers = new ArrayList<>();
        List<Matrix> outputs = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
          Session mine = s.share();
          Matrix y = matrix(arena, 33, 130);
          outputs.add(y);
          workers.add(
              new Thread(() -> {
                try (mine) {
                  for (int i = 0; i < 20; i++) {
                    mine.gemm(x, w, y);
                  }
                }
              }));
        }
        workers.forEach(Thread::start);
        for (Thread worker : workers) {
          worker.join();
        }
        outputs.forEach(y -> results.add(y.segment().toArray(ValueLayout.JAVA_BYTE)));
      }
      for (byte[] result : results) {
        assertArrayEquals(results.get(0), result);
      }
    }
  }

  private static void fill(Matrix matrix, Random random) {
    for (long i = 0; i < matrix.rows(); i++) {
      for (long j = 0; j < matrix.cols(); j++) {
        matrix.set(i, j, (float) random.nextGaussian());
      }
    }
  }

  @Test
  void readsWeightsFromAMappedFileBehindTwoGigabytes(@TempDir Path folder) throws Exception {
    long start = (1L << 31) + 4096;
    Path file = folder.resolve("weights");
    try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.SPARSE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        Arena arena = Arena.ofShared();
        Session s = Backends.open(HOST)) {
      MemorySegment mapped =
          channel.map(FileChannel.MapMode.READ_WRITE, 0, start + 8 * 8 * 4, arena);
      Matrix w = Matrix.of(HostBuffer.wrap(mapped), start, 8, 8, 8, DType.F32);
      Matrix x = matrix(arena, 1, 8);
      for (int i = 0; i < 8; i++) {
        w.set(i, i, i + 1);
        x.set(0, i, 1);
      }
      Matrix y = matrix(arena, 1, 8);
      s.gemm(x, w, y);
      for (int i = 0; i < 8; i++) {
        assertEquals(i + 1, y.get(0, i));
      }
    }
    assertTrue(Files.size(file) > 1L << 31);
  }

  @Test
  void unknownBackendsAreNamedWithTheKnown() {
    refused("must be one of", () -> Backends.open("gpu"));
    assertTrue(Backends.names().contains(ReferenceBackend.NAME));
  }

  @Test
  void kernelsCanBeForced() {
    try (Session s = Backends.open(Backends.AUTO)) {
      KernelInfo best = s.kernel(Op.GEMM, DType.F32, 1, 64, 64);
      for (KernelInfo kernel : s.kernels()) {
        if (kernel.op() == Op.GEMM && kernel.dtype() == DType.F32 && kernel.available()) {
          assertEquals(kernel, s.useKernel(kernel).kernel(Op.GEMM, DType.F32, 1, 64, 64));
        }
      }
      assertEquals(best, s.useBestKernels().kernel(Op.GEMM, DType.F32, 1, 64, 64));
    }
  }

  @Test
  void aForcedKernelServesItsOwnTypeOnly() {
    try (Session s = Backends.open(HOST)) {
      KernelInfo forced = s.kernel(Op.SPMM24, DType.F32, 1, 64, 64);
      s.useKernel(forced);
      assertEquals(DType.BF16, s.kernel(Op.SPMM24, DType.BF16, 1, 64, 64).dtype());
      assertEquals(forced, s.kernel(Op.SPMM24, DType.F32, 64, 64, 64));
      KernelInfo integer = s.kernel(Op.SPMM24, DType.I8, 1, 64, 64);
      s.useKernel(integer);
      assertEquals(DType.F32, s.kernel(Op.SPMM24, DType.I8, DType.F32, 1, 64, 64).xDtype());
      assertEquals(integer, s.kernel(Op.SPMM24, DType.I8, DType.I8, 64, 64, 64));
      try (Session other = s.share()) {
        KernelInfo best = s.useBestKernels().kernel(Op.SPMM24, DType.F32, 64, 64, 64);
        assertEquals(best, other.kernel(Op.SPMM24, DType.F32, 64, 64, 64));
      }
    }
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed early on purpose
  void settingsOfAClosedSessionAreIllegal() {
    Session s = Backends.open(HOST);
    KernelInfo kernel = s.kernel(Op.GEMM, DType.F32, 1, 8, 8);
    s.useKernel(kernel);
    s.close();
    assertThrows(IllegalStateException.class, () -> s.useKernel(kernel));
    assertThrows(IllegalStateException.class, s::useBestKernels);
    assertThrows(IllegalStateException.class, () -> s.allowNonFinite(true));
    assertThrows(IllegalStateException.class, () -> s.kernel(Op.GEMM, DType.F32, 1, 8, 8));
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed twice on purpose
  void closingScratchTwiceDoesNothing() {
    try (Session s = Backends.open(HOST)) {
      Scratch scratch = s.scratch();
      scratch.matrix(1, 1, DType.F32);
      scratch.close();
      scratch.close();
      assertThrows(IllegalStateException.class, () -> scratch.matrix(1, 1, DType.F32));
    }
  }

  @Test
  void operationsAreJfrEventsWhenAskedFor(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("run.jfr");
    try (Recording recording = new Recording();
        Session s = Backends.open(HOST);
        Arena arena = Arena.ofConfined()) {
      recording.enable("io.sparse24.Operation");
      recording.start();
      s.gemm(matrix(arena, 2, 8), matrix(arena, 3, 8), matrix(arena, 2, 3));
      Matrix w = Matrix.allocate(arena, 4, 8, DType.I8);
      s.quantize(matrix(arena, 4, 8), w);
      s.gemm(matrix(arena, 2, 8), w, matrix(arena, 2, 4));
      Compressed24 sparse = new Compressed24(matrix(arena, 4, 4), mask(arena, 4));
      s.sddmm24(matrix(arena, 2, 4), matrix(arena, 2, 8), sparse.mask(), sparse.values());
      s.doublePrune24(sparse, Compressed24.allocate(arena, 8, 4, DType.F32));
      prune24Both(s, matrix(arena, 4, 8), sparse, Compressed24.allocate(arena, 8, 4, DType.F32));
      Matrix values = Matrix.allocate(arena, 4, 8, DType.BF16);
      s.cast(w, values);
      Matrix[] f = Stream.generate(() -> matrix(arena, 4, 8)).limit(4).toArray(Matrix[]::new);
      s.adamw(f[0], f[1], f[2], f[3], values, AdamW.of(1), 1, 1);
      s.sgd(f[0], f[1], f[2], values, new Sgd(1, 0, 0), 1);
      recording.stop();
      recording.dump(file);
      List<RecordedEvent> events =
          RecordingFile.readAllEvents(file).stream()
              .filter(e -> e.getEventType().getName().equals("io.sparse24.Operation"))
              .toList();
      assertEquals(
          List.of(
              "gemm F32 F32 2 3 8",
              "quantize I8 F32 0 4 8",
              "gemm I8 F32 2 4 8",
              "sddmm24 F32 F32 2 4 8",
              "double_prune24 F32 F32 0 4 8",
              "prune24_both F32 F32 0 4 8",
              "cast BF16 I8 0 4 8",
              "adamw BF16 BF16 0 4 8",
              "sgd BF16 BF16 0 4 8"),
          events.stream().map(SessionTest::text).toList());
    }
  }

  private static String text(RecordedEvent event) {
    return String.join(
        " ",
        event.getString("op"),
        event.getString("dtype"),
        event.getString("xDtype"),
        Long.toString(event.getLong("m")),
        Long.toString(event.getLong("n")),
        Long.toString(event.getLong("k")));
  }

  @Test
  void activationsMatchKnownValues() {
    assertEquals(0.8413447460685429, Activation.GELU_ERF.apply(1), 1e-15);
    assertEquals(-0.15865525393145707, Activation.GELU_ERF.apply(-1), 1e-15);
    assertEquals(-5.516696665149068e-22, Activation.GELU_ERF.apply(-9.8), 1e-34);
    assertEquals(0.8411919906082768, Activation.GELU_TANH.apply(1), 1e-15);
    assertEquals(0.7310585786300049, Activation.SILU.apply(1), 1e-15);
    assertEquals(0, Activation.RELU.apply(-3));
  }

  @Test
  void everyBf16AndF16SurvivesARoundTrip() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cell = arena.allocate(4);
      for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
        for (int bits = 0; bits < 1 << 16; bits++) {
          cell.set(ValueLayout.JAVA_SHORT, 0, (short) bits);
          float v = dtype.get(cell, 0);
          dtype.set(cell, 0, v);
          if (!Float.isNaN(v)) {
            assertEquals((short) bits, cell.get(ValueLayout.JAVA_SHORT, 0));
          } else {
            assertTrue(Float.isNaN(dtype.get(cell, 0)));
          }
        }
      }
      // Halfway between two BF16 values: to even.
      DType.BF16.set(cell, 0, Float.intBitsToFloat(0x3f808000));
      assertEquals((short) 0x3f80, cell.get(ValueLayout.JAVA_SHORT, 0));
      DType.BF16.set(cell, 0, Float.intBitsToFloat(0x3f818000));
      assertEquals((short) 0x3f82, cell.get(ValueLayout.JAVA_SHORT, 0));
    }
  }

  @Test
  void everyByteIsAnI8AndAnE4M3() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cell = arena.allocate(1);
      for (DType dtype : new DType[] {DType.I8, DType.F8_E4M3}) {
        float most = 0;
        for (int bits = 0; bits < 256; bits++) {
          cell.set(ValueLayout.JAVA_BYTE, 0, (byte) bits);
          float v = dtype.get(cell, 0);
          assertEquals(dtype == DType.F8_E4M3 && (bits & 0x7f) == 0x7f, Float.isNaN(v));
          dtype.set(cell, 0, v);
          if (Float.isNaN(v)) {
            assertTrue(Float.isNaN(dtype.get(cell, 0)));
          } else {
            assertEquals((byte) bits, cell.get(ValueLayout.JAVA_BYTE, 0));
            most = Math.max(most, v);
          }
        }
        assertEquals(dtype.largest(), most);
      }
    }
  }

  /** E4M3 by its definition: sign, 2^(exponent - 7), 1.mantissa; or 2^-6 and 0.mantissa. */
  @Test
  void e4m3IsTheNearestOfItsValues() {
    double[] values = new double[127];
    for (int bits = 0; bits < 127; bits++) {
      int exponent = bits >> 3;
      double mantissa = (bits & 7) / 8.0;
      values[bits] = exponent == 0 ? mantissa * 0x1p-6 : (1 + mantissa) * Math.pow(2, exponent - 7);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cell = arena.allocate(1);
      for (int bits = 0; bits < 127; bits++) {
        cell.set(ValueLayout.JAVA_BYTE, 0, (byte) bits);
        assertEquals(values[bits], DType.F8_E4M3.get(cell, 0));
        cell.set(ValueLayout.JAVA_BYTE, 0, (byte) (bits | 0x80));
        assertEquals(-values[bits], DType.F8_E4M3.get(cell, 0));
        float half = (float) (bits < 126 ? (values[bits] + values[bits + 1]) / 2 : 464);
        int even = bits + (bits & 1);
        assertEquals(bits, e4m3(cell, Math.nextDown(half)));
        assertEquals(even, e4m3(cell, half));
        assertEquals(bits + 1, e4m3(cell, Math.nextUp(half)));
        assertEquals(even | 0x80, e4m3(cell, -half));
      }
      assertEquals(0x7f, e4m3(cell, Float.POSITIVE_INFINITY));
      assertEquals(0xff, e4m3(cell, Float.NEGATIVE_INFINITY));
      assertEquals(0, e4m3(cell, Float.MIN_VALUE));
    }
  }

  private static int e4m3(MemorySegment cell, float value) {
    DType.F8_E4M3.set(cell, 0, value);
    return cell.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
  }

  @Test
  void i8RoundsToEvenAndSaturates() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cell = arena.allocate(1);
      float[][] cases = {
        {0.5f, 0},
        {1.5f, 2},
        {-2.5f, -2},
        {126.5f, 126},
        {127.5f, 127},
        {-128.6f, -128},
        {1e30f, 127},
        {Float.NEGATIVE_INFINITY, -128},
        {Float.NaN, 0}
      };
      for (float[] each : cases) {
        DType.I8.set(cell, 0, each[0]);
        assertEquals(each[1], DType.I8.get(cell, 0), "of " + each[0]);
      }
    }
  }

  @Test
  void tolerancesRefuseWhatIsWrong() {
    Tolerance tolerance = Tolerance.gemm(DType.F32, 64, 1);
    assertTrue(tolerance.accepts(8, 8.000001));
    assertFalse(tolerance.accepts(8, 8.001));
    assertFalse(tolerance.accepts(8, Double.NaN));
    assertFalse(tolerance.accepts(Double.POSITIVE_INFINITY, 1e38));
    assertTrue(tolerance.accepts(Double.NaN, Double.NaN));
    assertFalse(Tolerance.EXACT.accepts(1, Math.nextUp(1.0)));
    Tolerance integers = Tolerance.integerGemm(DType.F32, 64, 1);
    assertTrue(integers.accepts(8, 8.000002));
    assertFalse(integers.accepts(8, 8.0001));
  }
}
