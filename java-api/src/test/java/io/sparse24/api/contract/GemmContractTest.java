package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.api.Activation;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every gemm and spmm24 kernel against the oracle. */
final class GemmContractTest {
  /** m, n, k; k a multiple of 4 for both operations' sake. */
  private static final int[][] SHAPES = {
    {0, 3, 8},
    {3, 0, 8},
    {2, 3, 0},
    {1, 1, 4},
    {1, 33, 128},
    {3, 31, 36},
    {4, 5, 1020},
    {7, 127, 64},
    {16, 16, 32},
    {17, 33, 260},
    {33, 63, 124},
    {65, 31, 92},
    {130, 17, 516},
    {2, 4097, 12},
    {5, 3, 4100},
  };

  /**
   * NVIDIA's libraries round to Y's type before bias and activation, if it is not F32 and there is
   * no pass behind them.
   */
  private static boolean hasFullEpilogue(KernelInfo kernel) {
    return kernel.dtype() == DType.F32
        || kernel.dtype().scaled()
        || !(kernel.isa().equals("cublaslt") || kernel.isa().equals("cusparselt"));
  }

  /** Kernels on tensor cores that multiply E4M3 as it is. */
  private static final Set<String> NARROW_SUMS = Set.of("mma89", "wgmma", "cublaslt", "cusparselt");

  static Stream<Subject> kernels() {
    return Fixture.kernels(Op.GEMM, Op.SPMM24);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void matchesTheOracle(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (int variant = 0; variant < 4; variant++) {
          for (DType result : results(subject.forced().xDtype())) {
            multiply(f, subject, result, shape, variant);
          }
        }
      }
    }
  }

  /** The types Y may have. */
  private static List<DType> results(DType x) {
    return x.scaled() ? List.of(DType.F32, DType.BF16) : List.of(x);
  }

  /** For N(0, 1) data; beta·C and bias round like a few products more. */
  private static Tolerance tolerance(KernelInfo kernel, DType y, long k) {
    return switch (kernel.xDtype()) {
      case I8 -> Tolerance.integerGemm(y, k + 8, 1);
      case F8_E4M3 ->
          NARROW_SUMS.contains(kernel.isa())
              ? Tolerance.tensorCoreE4m3Gemm(y, k + 8, 1)
              : Tolerance.gemm(y, k + 8, 1);
      default -> Tolerance.gemm(y, k + 8, 1);
    };
  }

  private static void multiply(Fixture f, Subject subject, DType result, int[] shape, int variant) {
    KernelInfo kernel = subject.forced();
    int m = Fixture.rows(kernel, shape[0]);
    int n = Fixture.sides(kernel, shape[1]);
    int k = Fixture.sides(kernel, Math.max(shape[2], kernel.isa().equals("cusparselt") ? 1 : 0));
    int pad = variant == 0 ? 0 : Fixture.pad(kernel, 3 * variant);
    Matrix x = f.normal(m, k, kernel.xDtype(), pad);
    Matrix y = f.blank(m, n, result, pad);
    Matrix expected = f.blank(m, n, result, 0);
    Matrix bias = variant >= 2 ? f.normal(1, n, DType.F32, 0) : null;
    Matrix c = variant == 3 ? f.normal(m, n, result, pad) : null;
    // The last variant accumulates into Y itself.
    boolean inPlace = variant == 3 && f.random.nextBoolean();
    Activation[] activations = Activation.values();
    Activation activation =
        variant == 0 ? Activation.NONE : activations[f.random.nextInt(activations.length)];
    float alpha = variant == 0 ? 1 : 0.5f;
    float beta = c == null ? 0 : -1.5f;
    String what =
        subject
            + " to "
            + result
            + " m="
            + m
            + " n="
            + n
            + " k="
            + k
            + " variant "
            + variant
            + " "
            + activation;

    if (!hasFullEpilogue(kernel)) { // that it refuses the rest, VendorKernelsTest says
      bias = null;
      activation = Activation.NONE;
    }
    Epilogue here = new Epilogue(alpha, beta, bias, activation);
    Epilogue there = new Epilogue(alpha, beta, bias == null ? null : f.in(bias), activation);
    if (inPlace) {
      for (long i = 0; i < m; i++) {
        for (long j = 0; j < n; j++) {
          y.set(i, j, Objects.requireNonNull(c).get(i, j));
        }
      }
    }
    Matrix out = f.out(y);
    Matrix addend = c == null ? null : inPlace ? out : f.in(c);
    if (kernel.op() == Op.GEMM) {
      Matrix w = f.normal(n, k, kernel.dtype(), pad);
      f.session.gemm(f.in(x), f.in(w), addend, out, there);
      f.oracle.gemm(x, w, c, expected, here);
    } else {
      Compressed24 sparse = f.sparse(n, k, kernel.dtype(), pad);
      spmm(f, kernel, x, sparse, addend, out, there);
      Packed24 packed = pack(f, f.oracle, sparse, 0);
      f.oracle.spmm24(x, packed, c, expected, here);
    }
    f.finish();
    f.assertNear(expected, y, tolerance(kernel, result, k), what);
  }

  static Stream<Subject> integerKernels() {
    return kernels().filter(subject -> subject.forced().xDtype() == DType.I8);
  }

  /** The longest sum that is allowed, of the largest products, all of one sign. */
  @ParameterizedTest
  @MethodSource("integerKernels")
  void integerSumsDoNotOverflow(Subject subject) {
    int n = Fixture.sides(subject.forced(), 3);
    int k = (1 << 17) - (n == 3 ? 4 : 32);
    try (Fixture f = new Fixture(subject)) {
      for (int rows : new int[] {1, 17}) {
        int m = Fixture.rows(subject.forced(), rows);
        Matrix x = lowest(f, m, k);
        Matrix y = f.blank(m, n, DType.F32, 0);
        long terms = k;
        if (subject.forced().op() == Op.GEMM) {
          f.session.gemm(f.in(x), f.in(lowest(f, n, k)), f.out(y));
        } else {
          terms = k / 2;
          Compressed24 w =
              new Compressed24(lowest(f, n, k / 2), f.sparse(n, k, DType.F32, 0).mask());
          spmm(f, subject.forced(), x, w, null, f.out(y), Epilogue.NONE);
        }
        f.finish();
        Matrix expected = f.blank(m, n, DType.F32, 0);
        for (long i = 0; i < m; i++) {
          for (long j = 0; j < n; j++) {
            expected.set(i, j, terms * 128f * 128);
          }
        }
        f.assertNear(expected, y, Tolerance.EXACT, subject + " m=" + m);
      }
    }
  }

  /** All -128, with scales of 1. */
  private static Matrix lowest(Fixture f, long rows, long cols) {
    Matrix matrix = f.blank(rows, cols, DType.I8, 0);
    matrix.segment().fill((byte) -128);
    for (long i = 0; i < rows; i++) {
      Objects.requireNonNull(matrix.rowScales()).set(0, i, 1);
    }
    return matrix;
  }

  static Stream<Subject> sparseKernels() {
    return Fixture.kernels(Op.SPMM24).filter(subject -> !subject.forced().xDtype().scaled());
  }

  /**
   * What is not finite in X or W reaches, as in IEEE arithmetic, all results that it is a factor of
   * and no others: a column that a row of W dropped takes no part in that row's results.
   */
  @ParameterizedTest
  @MethodSource("sparseKernels")
  void nonFinitePropagatesFromKeptColumnsOnly(Subject subject) {
    KernelInfo kernel = subject.forced();
    int n = Fixture.sides(kernel, 33);
    int k = Fixture.sides(kernel, 68);
    DType dtype = kernel.xDtype();
    float[] values = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};
    try (Fixture f = new Fixture(subject)) {
      Compressed24 w = f.sparse(n, k, kernel.dtype(), 0);
      avoidZero(w.values());
      for (int tokens : new int[] {1, 4, 16, 17, 40}) {
        int m = Fixture.rows(kernel, tokens);
        for (float value : values) {
          for (int column : new int[] {0, 31, 33, 66, 67}) {
            int row = f.random.nextInt(m);
            Matrix x = f.normal(m, k, dtype, 0);
            Matrix finite = f.blank(m, n, dtype, 0);
            Matrix actual = f.blank(m, n, dtype, 0);
            Matrix out = f.out(finite);
            spmm(f, kernel, x, w, null, out, Epilogue.NONE);
            f.finish();
            x.set(row, column, value);
            spmm(f, kernel, x, w, null, f.out(actual), Epilogue.NONE);
            f.finish();
            for (int i = 0; i < m; i++) {
              for (int j = 0; j < n; j++) {
                float expected =
                    i == row && w.mask().get(j, column)
                        ? value * Math.signum(keptValue(w, j, column))
                        : finite.get(i, j);
                assertEquals(
                    expected,
                    actual.get(i, j),
                    subject + " m=" + m + " x[" + row + "," + column + "]=" + value + " at " + i
                        + ", " + j + ", seed " + f.seed);
              }
            }
          }
        }
      }
      // And in W: one row of it, all tokens.
      boolean infinite = !kernel.dtype().scaled();
      if (kernel.dtype() == DType.I8) {
        Objects.requireNonNull(w.values().rowScales()).set(0, 20, Float.NaN);
      } else {
        w.values().set(20, 7, Float.NaN);
      }
      if (infinite) {
        w.values().set(21, 7, Float.POSITIVE_INFINITY);
      }
      for (int tokens : new int[] {1, 4, 16, 17, 40}) {
        int m = Fixture.rows(kernel, tokens);
        Matrix x = f.normal(m, k, dtype, 0);
        Matrix actual = f.blank(m, n, dtype, 0);
        spmm(f, kernel, x, w, null, f.out(actual), Epilogue.NONE);
        f.finish();
        for (int i = 0; i < m; i++) {
          for (int j = 0; j < n; j++) {
            float y = actual.get(i, j);
            String what = subject + " m=" + m + " y[" + i + ", " + j + "] = " + y;
            assertEquals(j == 20, Float.isNaN(y), what);
            assertEquals(infinite && j == 21, Float.isInfinite(y), what);
          }
        }
      }
    }
  }

  /** Whether a kept 0 times Inf is NaN is the kernel's choice. */
  private static void avoidZero(Matrix values) {
    for (long i = 0; i < values.rows(); i++) {
      for (long j = 0; j < values.cols(); j++) {
        if (values.get(i, j) == 0) {
          values.set(i, j, 1);
        }
      }
    }
  }

  private static float keptValue(Compressed24 w, int row, int column) {
    int slot = 0;
    for (int j = 0; j < column; j++) {
      slot += w.mask().get(row, j) ? 1 : 0;
    }
    return w.values().get(row, slot);
  }

  private static void spmm(
      Fixture f,
      KernelInfo kernel,
      Matrix x,
      Compressed24 sparse,
      @Nullable Matrix c,
      Matrix y,
      Epilogue epilogue) {
    long bytes = f.session.packedBytes(sparse.dtype(), kernel.layout(), sparse.n(), sparse.k());
    Packed24 packed = f.session.pack24(f.in(sparse), kernel.layout(), f.scratch.buffer(bytes));
    assertEquals(kernel.layout(), packed.layout());
    f.session.spmm24(f.in(x), packed, c, y, epilogue);
  }

  private static Packed24 pack(
      Fixture f, io.sparse24.api.Session session, Compressed24 sparse, int layout) {
    long bytes = session.packedBytes(sparse.dtype(), layout, sparse.n(), sparse.k());
    return session.pack24(sparse, layout, io.sparse24.api.HostBuffer.allocate(f.arena, bytes));
  }

  static Stream<Subject> subjects() {
    return Fixture.subjects();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void betaZeroReadsNoC(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (KernelInfo kernel : f.session.kernels()) {
        if (kernel.op() != Op.GEMM || !kernel.available()) {
          continue;
        }
        DType result = results(kernel.xDtype()).getFirst();
        Matrix x = f.normal(3, 16, kernel.xDtype(), 0);
        int n = Fixture.sides(kernel, 5);
        Matrix w = f.normal(n, 16, kernel.dtype(), 0);
        Matrix y = f.blank(3, n, result, 0);
        for (long i = 0; i < 3; i++) {
          for (long j = 0; j < n; j++) {
            y.set(i, j, Float.NaN);
          }
        }
        Matrix expected = f.blank(3, n, result, 0);
        Matrix out = f.out(y);
        f.session.useKernel(kernel).gemm(f.in(x), f.in(w), out, out, Epilogue.NONE);
        f.oracle.gemm(x, w, expected);
        f.finish();
        f.assertNear(expected, y, tolerance(kernel, result, 16), subject + " " + kernel.name());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void infinitiesArePropagatedByMultiplication(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Matrix x = f.normal(1, 8, DType.F32, 0);
      x.set(0, 0, Float.POSITIVE_INFINITY);
      Matrix w = f.normal(2, 8, DType.F32, 0);
      w.set(0, 0, 1);
      w.set(1, 0, Float.NaN);
      Matrix y = f.blank(1, 2, DType.F32, 0);
      f.session.gemm(f.in(x), f.in(w), f.out(y));
      f.finish();
      assertEquals(Float.POSITIVE_INFINITY, y.get(0, 0));
      assertEquals(Float.NaN, y.get(0, 1));
    }
  }
}
