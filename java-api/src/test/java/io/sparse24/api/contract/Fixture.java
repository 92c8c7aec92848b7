package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Ids;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A session under test and the oracle beside it. Tests run over every kernel of every backend that
 * opens here; {@code -Ds24.backends=cuda} narrows them to backends that then must open, {@code
 * -Ds24.seed=N} repeats a run.
 */
final class Fixture implements AutoCloseable {
  /** Bytes around and between a test's rows; whoever writes there is found out. */
  private static final byte POISON = (byte) 0xA5;

  final Session session;
  final Session oracle = Backends.open(ReferenceBackend.NAME);
  final Arena arena = Arena.ofShared();
  final Scratch scratch;
  final long seed = Long.getLong("s24.seed", System.nanoTime());
  final Random random = new Random(seed);

  private final List<Output> outputs = new ArrayList<>();

  Fixture(Subject subject) {
    session = Backends.open(subject.backend());
    scratch = session.scratch();
    if (subject.kernel() != null) {
      session.useKernel(subject.kernel());
    }
    System.out.println(subject + ": seed " + seed);
  }

  /** A backend and, where one is forced, its kernel. */
  record Subject(String backend, @org.jspecify.annotations.Nullable KernelInfo kernel) {
    KernelInfo forced() {
      return Objects.requireNonNull(kernel);
    }

    DType dtype() {
      return forced().dtype();
    }

    @Override
    public String toString() {
      return kernel == null ? backend : backend + ":" + kernel.name();
    }
  }

  private static int above(int extent, int multiple) {
    return (extent + multiple - 1) / multiple * multiple;
  }

  private static boolean isCusparseLt(KernelInfo kernel) {
    return kernel.isa().equals("cusparselt");
  }

  /** cuBLASLt's and cuSPARSELt's in eight bits. */
  private static boolean isOfEightBits(KernelInfo kernel) {
    return kernel.dtype().scaled()
        && (kernel.isa().equals("cublaslt") || kernel.isa().equals("cusparselt"));
  }

  /** The rows of X nearest above that a kernel takes: for NVIDIA's nothing is padded. */
  static int rows(KernelInfo kernel, int extent) {
    return isCusparseLt(kernel) ? above(extent, 16 / kernel.dtype().bytes()) : extent;
  }

  /** What is added to a stride. */
  static int pad(KernelInfo kernel, int extent) {
    return isOfEightBits(kernel) ? above(extent, 16) : rows(kernel, extent);
  }

  /** A weight's rows or columns. */
  static int sides(KernelInfo kernel, int extent) {
    if (isCusparseLt(kernel)) {
      return above(extent, 32 / kernel.dtype().bytes());
    }
    return isOfEightBits(kernel) ? above(extent, 16) : extent;
  }

  /** Backends that open here. The CPU's must, unless the build left it out. */
  static List<String> backends() {
    String only = System.getProperty("s24.backends", "");
    if (!only.isEmpty()) {
      return demanded(only);
    }
    List<String> open = new ArrayList<>();
    for (String name : Backends.names()) {
      try (Session session = Backends.open(name)) {
        open.add(session.info().backend());
      } catch (Sparse24Exception.Unsupported e) {
        System.out.println("not tested: " + e.getMessage());
      }
    }
    if (!Boolean.getBoolean("s24.native.skip")) {
      assertTrue(open.contains("cpu"), "the CPU backend must open: " + open);
    }
    return open;
  }

  /** Backends that were asked for by name; one that does not open is a failure. */
  static List<String> demanded(String names) {
    List<String> open = new ArrayList<>();
    for (String name : names.split(",", -1)) {
      try (Session session = Backends.open(name)) {
        open.add(session.info().backend());
      } catch (Sparse24Exception.Unsupported | IllegalArgumentException e) {
        throw new AssertionError("s24.backends: " + name + " must open: " + e.getMessage(), e);
      }
    }
    return open;
  }

  /** Every kernel of these operations that can run here. */
  static Stream<Subject> kernels(Op... ops) {
    List<Subject> subjects = new ArrayList<>();
    for (String backend : backends()) {
      try (Session session = Backends.open(backend)) {
        for (KernelInfo kernel : session.kernels()) {
          if (kernel.available() && List.of(ops).contains(kernel.op())) {
            subjects.add(new Subject(backend, kernel));
          }
        }
      }
    }
    return subjects.stream();
  }

  /** Each backend, choosing its kernels itself. */
  static Stream<Subject> subjects() {
    return backends().stream().map(name -> new Subject(name, null));
  }

  /** N(0, 1), with rows {@code pad} elements apart; of a scaled type, what is nearest to it. */
  Matrix normal(long rows, long cols, DType dtype, long pad) {
    Matrix matrix = blank(rows, cols, dtype, pad);
    if (dtype.scaled()) {
      oracle.quantize(normal(rows, cols, DType.F32, 0), matrix);
      if (dtype == DType.I8 && rows * cols > 0) {
        // Which quantization never gives, and other weights may have.
        matrix.set(random.nextLong(rows), random.nextLong(cols), -128);
      }
      return matrix;
    }
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < cols; j++) {
        matrix.set(i, j, (float) random.nextGaussian());
      }
    }
    return matrix;
  }

  /** A 2:4 weight of N(0, 1). */
  Compressed24 sparse(long n, long k, DType dtype, long pad) {
    Compressed24 weight = blankCompressed(n, k, DType.F32, pad);
    oracle.prune24(normal(n, k, DType.F32, 0), ScoreKind.MAGNITUDE, null, weight);
    return new Compressed24(normal(n, k / 2, dtype, pad), weight.mask());
  }

  /** Poisoned, row scales too. */
  Matrix blank(long rows, long cols, DType dtype, long pad) {
    long stride = cols + pad;
    long bytes = Math.max(rows * stride, 1) * dtype.bytes();
    MemorySegment segment = arena.allocate(bytes, 64).fill(POISON);
    Matrix matrix = Matrix.of(HostBuffer.wrap(segment), 0, rows, cols, stride, dtype);
    return dtype.scaled() ? matrix.withRowScales(blank(1, rows, DType.F32, 0)) : matrix;
  }

  Mask blankMask(long rows, long cols, long pad) {
    long stride = Mask.rowBytes(cols) + pad;
    MemorySegment segment = arena.allocate(Math.max(rows * stride, 1), 64).fill(POISON);
    return Mask.of(HostBuffer.wrap(segment), 0, rows, cols, stride);
  }

  Compressed24 blankCompressed(long n, long k, DType dtype, long pad) {
    return new Compressed24(blank(n, k / 2, dtype, pad), blankMask(n, k, pad));
  }

  private record Output(Matrix host, Matrix inSession) {}

  /** Where the session reads an input. */
  Matrix in(Matrix host) {
    return scratch.upload(host);
  }

  Mask in(Mask host) {
    return scratch.upload(host);
  }

  Compressed24 in(Compressed24 host) {
    return scratch.upload(host);
  }

  Ids in(Ids host) {
    return scratch.upload(host);
  }

  /** Each from {@code least} on, below {@code end}. */
  Ids ids(long count, int least, int end) {
    Ids ids = Ids.allocate(arena, count);
    for (long i = 0; i < count; i++) {
      ids.set(i, random.nextInt(least, end));
    }
    return ids;
  }

  /** A matrix of its own with the same numbers and poison around them. */
  Matrix copy(Matrix from, DType dtype, long pad) {
    Matrix to = blank(from.rows(), from.cols(), dtype, pad);
    for (long i = 0; i < from.rows(); i++) {
      for (long j = 0; j < from.cols(); j++) {
        to.set(i, j, from.get(i, j));
      }
    }
    return to;
  }

  /** Where the session writes an output that {@link #finish} brings back; poison included. */
  Matrix out(Matrix host) {
    Matrix there = scratch.upload(host);
    if (there != host) {
      outputs.add(new Output(host, there));
      Matrix scales = host.rowScales();
      if (scales != null) {
        outputs.add(new Output(scales, Objects.requireNonNull(there.rowScales())));
      }
    }
    return there;
  }

  /** Waits, brings matrices back. */
  void finish() {
    session.synchronize();
    for (Output output : outputs) {
      // The whole buffer, so that what was written between the rows comes along.
      session.copy(output.inSession().buffer(), HostBuffer.wrap(output.host().segment()));
    }
    outputs.clear();
  }

  /** Brings a mask back. */
  Mask back(Mask inSession, Mask host) {
    if (inSession != host) {
      scratch.download(inSession, host);
    }
    return host;
  }

  /** Every element, and that nothing between the rows was touched. */
  void assertNear(Matrix expected, Matrix actual, Tolerance tolerance, String what) {
    for (long i = 0; i < expected.rows(); i++) {
      for (long j = 0; j < expected.cols(); j++) {
        float e = expected.get(i, j);
        float a = actual.get(i, j);
        if (!tolerance.accepts(e, a)) {
          throw new AssertionError(
              what
                  + " ["
                  + i
                  + ", "
                  + j
                  + "]: expected "
                  + e
                  + ", was "
                  + a
                  + ", "
                  + tolerance
                  + ", seed "
                  + seed);
        }
      }
    }
    assertGaps(actual, what);
  }

  /** Bit for bit. */
  void assertSame(Matrix expected, Matrix actual, String what) {
    if (expected.cols() == 0) {
      return;
    }
    int width = expected.dtype().bytes();
    for (long i = 0; i < expected.rows(); i++) {
      MemorySegment e =
          expected.segment().asSlice(i * expected.rowStride() * width, expected.cols() * width);
      MemorySegment a =
          actual.segment().asSlice(i * actual.rowStride() * width, actual.cols() * width);
      long at = e.mismatch(a);
      assertEquals(-1, at, what + ": row " + i + " differs at byte " + at + ", seed " + seed);
    }
    assertGaps(actual, what);
  }

  /** As assertSame, but with one NaN: neither sign nor payload of arithmetic's are laid down. */
  void assertSameNumbers(Matrix expected, Matrix actual, String what) {
    for (long i = 0; i < expected.rows(); i++) {
      for (long j = 0; j < expected.cols(); j++) {
        if (Float.isNaN(expected.get(i, j)) && Float.isNaN(actual.get(i, j))) {
          expected.set(i, j, Float.NaN);
          actual.set(i, j, Float.NaN);
        }
      }
    }
    assertSame(expected, actual, what);
  }

  void assertSame(Mask expected, Mask actual, String what) {
    if (expected.cols() == 0) {
      return;
    }
    for (long i = 0; i < expected.rows(); i++) {
      long bytes = Mask.rowBytes(expected.cols());
      MemorySegment e = expected.segment().asSlice(i * expected.rowStride(), bytes);
      MemorySegment a = actual.segment().asSlice(i * actual.rowStride(), bytes);
      long at = e.mismatch(a);
      assertEquals(-1, at, what + ": mask row " + i + " differs at byte " + at + ", seed " + seed);
    }
  }

  /** That an operation left an output's row scales as they were, poisoned. */
  void assertScalesUntouched(Matrix output, String what) {
    Matrix scales = output.rowScales();
    if (scales != null) {
      assertSame(blank(1, output.rows(), DType.F32, 0), scales, what + ": row scales");
    }
  }

  private void assertGaps(Matrix matrix, String what) {
    if (matrix.cols() == 0) {
      return;
    }
    int width = matrix.dtype().bytes();
    for (long i = 0; i + 1 < matrix.rows(); i++) {
      long from = (i * matrix.rowStride() + matrix.cols()) * width;
      long to = (i + 1) * matrix.rowStride() * width;
      for (long b = from; b < to; b++) {
        byte found = matrix.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, b);
        assertEquals(POISON, found, what + ": wrote between rows " + i + " and " + (i + 1));
      }
    }
  }

  @Override
  public void close() {
    scratch.close();
    session.close();
    oracle.close();
    arena.close();
  }
}
