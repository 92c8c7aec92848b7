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
import io.sparse24.api.ScoreKind;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.Objects;
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

  static Stream<Subject> kernels() {
    return Fixture.kernels(Op.GEMM, Op.SPMM24);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void matchesTheOracle(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (int variant = 0; variant < 4; variant++) {
          multiply(f, subject, shape, variant);
        }
      }
    }
  }

  private static void multiply(Fixture f, Subject subject, int[] shape, int variant) {
    int m = shape[0];
    int n = shape[1];
    int k = shape[2];
    DType dtype = subject.dtype();
    int pad = variant == 0 ? 0 : 3 * variant;
    Matrix x = f.normal(m, k, dtype, pad);
    Matrix w = f.normal(n, k, dtype, pad);
    Matrix y = f.blank(m, n, dtype, pad);
    Matrix expected = f.blank(m, n, dtype, 0);
    Matrix bias = variant >= 2 ? f.normal(1, n, DType.F32, 0) : null;
    Matrix c = variant == 3 ? f.normal(m, n, dtype, pad) : null;
    // The last variant accumulates into Y itself.
    boolean inPlace = variant == 3 && f.random.nextBoolean();
    Activation[] activations = Activation.values();
    Activation activation =
        variant == 0 ? Activation.NONE : activations[f.random.nextInt(activations.length)];
    float alpha = variant == 0 ? 1 : 0.5f;
    float beta = c == null ? 0 : -1.5f;
    String what =
        subject + " m=" + m + " n=" + n + " k=" + k + " variant " + variant + " " + activation;

    Epilogue here = new Epilogue(alpha, beta, bias, activation);
    Epilogue there = new Epilogue(alpha, beta, bias == null ? null : f.in(bias), activation);
    KernelInfo kernel = Objects.requireNonNull(subject.kernel());
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
      f.session.gemm(f.in(x), f.in(w), addend, out, there);
      f.oracle.gemm(x, w, c, expected, here);
    } else {
      Compressed24 sparse = f.blankCompressed(n, k, dtype, pad);
      f.oracle.prune24(w, ScoreKind.MAGNITUDE, null, sparse);
      spmm(f, kernel, x, sparse, addend, out, there);
      Packed24 packed = pack(f, f.oracle, sparse, 0);
      f.oracle.spmm24(x, packed, c, expected, here);
    }
    f.finish();
    // A value of N(0, 1) data is about 1; beta·C and bias round like a few products more.
    f.assertNear(expected, y, Tolerance.gemm(dtype, k + 8L, 1), what);
  }

  static Stream<Subject> sparseKernels() {
    return Fixture.kernels(Op.SPMM24);
  }

  /**
   * What is not finite in X or W reaches, as in IEEE arithmetic, all results that it is a factor of
   * and no others: a column that a row of W dropped takes no part in that row's results.
   */
  @ParameterizedTest
  @MethodSource("sparseKernels")
  void nonFinitePropagatesFromKeptColumnsOnly(Subject subject) {
    int n = 33;
    int k = 68;
    DType dtype = subject.dtype();
    KernelInfo kernel = Objects.requireNonNull(subject.kernel());
    float[] values = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};
    try (Fixture f = new Fixture(subject)) {
      Compressed24 w = f.blankCompressed(n, k, dtype, 0);
      f.oracle.prune24(f.normal(n, k, dtype, 0), ScoreKind.MAGNITUDE, null, w);
      for (int m : new int[] {1, 4, 16, 17, 40}) {
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
      w.values().set(20, 7, Float.NaN);
      w.values().set(21, 7, Float.POSITIVE_INFINITY);
      for (int m : new int[] {1, 4, 16, 17, 40}) {
        Matrix x = f.normal(m, k, dtype, 0);
        Matrix actual = f.blank(m, n, dtype, 0);
        spmm(f, kernel, x, w, null, f.out(actual), Epilogue.NONE);
        f.finish();
        for (int i = 0; i < m; i++) {
          for (int j = 0; j < n; j++) {
            float y = actual.get(i, j);
            String what = subject + " m=" + m + " y[" + i + ", " + j + "] = " + y;
            assertEquals(j == 20, Float.isNaN(y), what);
            assertEquals(j == 21, Float.isInfinite(y), what);
          }
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
      for (DType dtype : DType.values()) {
        Matrix x = f.normal(3, 16, dtype, 0);
        Matrix w = f.normal(5, 16, dtype, 0);
        Matrix y = f.blank(3, 5, dtype, 0);
        for (long i = 0; i < 3; i++) {
          for (long j = 0; j < 5; j++) {
            y.set(i, j, Float.NaN);
          }
        }
        Matrix expected = f.blank(3, 5, dtype, 0);
        Matrix out = f.out(y);
        f.session.gemm(f.in(x), f.in(w), out, out, Epilogue.NONE);
        f.oracle.gemm(x, w, expected);
        f.finish();
        f.assertNear(expected, y, Tolerance.gemm(dtype, 16, 1), subject + " " + dtype);
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
