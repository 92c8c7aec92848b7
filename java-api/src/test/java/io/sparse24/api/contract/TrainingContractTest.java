package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a training step needs beside the product: the gradient at kept places, and the double-pruned
 * transpose. Against the oracle, and against what other operations of the oracle give.
 */
final class TrainingContractTest {
  static Stream<Subject> gradientKernels() {
    return Fixture.kernels(Op.SDDMM24);
  }

  static Stream<Subject> pruningKernels() {
    return Fixture.kernels(Op.PRUNE24_BOTH);
  }

  static Stream<Subject> transposingKernels() {
    return Fixture.kernels(Op.DOUBLE_PRUNE24);
  }

  @ParameterizedTest
  @MethodSource("gradientKernels")
  void gradientsAreTheOracles(Subject subject) {
    int[][] shapes = { // m, n, k
      {0, 3, 8},
      {3, 0, 8},
      {3, 5, 0},
      {1, 1, 4},
      {3, 31, 36},
      {16, 16, 32},
      {33, 17, 260},
      {127, 33, 68},
      {1023, 7, 20},
      {2, 3, 4100},
      {2, 4097, 4}
    };
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : shapes) {
        for (int variant = 0; variant < 3; variant++) {
          gradient(f, subject, shape, variant);
        }
      }
    }
  }

  private static void gradient(Fixture f, Subject subject, int[] shape, int variant) {
    int m = shape[0];
    int n = shape[1];
    int k = shape[2];
    Matrix dy = f.normal(m, n, subject.dtype(), variant);
    Matrix x = f.normal(m, k, subject.dtype(), 2L * variant);
    Compressed24 w = f.sparse(n, k, DType.F32, variant); // for its mask, and what values held
    float alpha = variant == 0 ? 1 : 0.5f;
    float beta = variant == 2 ? -1.5f : 0;
    Matrix values = f.blank(n, k / 2, DType.F32, variant);
    Matrix expected = f.blank(n, k / 2, DType.F32, 0);
    for (long j = 0; j < n; j++) {
      for (long c = 0; c < k / 2; c++) {
        float before = beta == 0 ? Float.NaN : w.values().get(j, c);
        values.set(j, c, before);
        expected.set(j, c, before);
      }
    }
    f.session.sddmm24(f.in(dy), f.in(x), f.in(w.mask()), f.out(values), alpha, beta);
    f.finish();
    f.oracle.sddmm24(dy, x, w.mask(), expected, alpha, beta);
    String what = subject + " m=" + m + " n=" + n + " k=" + k + " variant " + variant;
    f.assertNear(expected, values, Tolerance.gemm(DType.F32, m + 8L, 1), what);
  }

  /** The dense gradient is the product of the transposes. */
  @ParameterizedTest
  @MethodSource("gradientKernels")
  void gradientsAreTheDenseOnesAtKeptPlaces(Subject subject) {
    int m = 21;
    int n = 35;
    int k = 44;
    try (Fixture f = new Fixture(subject)) {
      Matrix dy = f.normal(m, n, subject.dtype(), 0);
      Matrix x = f.normal(m, k, subject.dtype(), 0);
      Compressed24 w = f.sparse(n, k, DType.F32, 0);
      Matrix values = f.blank(n, k / 2, DType.F32, 0);
      f.session.sddmm24(f.in(dy), f.in(x), f.in(w.mask()), f.out(values));
      f.finish();
      Matrix dense = f.blank(n, k, DType.F32, 0);
      f.oracle.gemm(transpose(f, dy, DType.F32), transpose(f, x, DType.F32), dense);
      Compressed24 expected = new Compressed24(f.blank(n, k / 2, DType.F32, 0), w.mask());
      f.oracle.gather24(dense, expected);
      f.assertNear(expected.values(), values, Tolerance.gemm(DType.F32, m, 1), subject.toString());
    }
  }

  private static Matrix transpose(Fixture f, Matrix matrix, DType dtype) {
    Matrix transpose = f.blank(matrix.cols(), matrix.rows(), dtype, 0);
    for (long i = 0; i < matrix.rows(); i++) {
      for (long j = 0; j < matrix.cols(); j++) {
        transpose.set(j, i, matrix.get(i, j));
      }
    }
    return transpose;
  }

  @ParameterizedTest
  @MethodSource("gradientKernels")
  void nonFiniteReachesItsOwnGradientsOnly(Subject subject) {
    int m = 5;
    int n = 34;
    int k = 36;
    try (Fixture f = new Fixture(subject)) {
      Matrix dy = f.normal(m, n, subject.dtype(), 0);
      Matrix x = f.normal(m, k, subject.dtype(), 0);
      dy.set(2, 33, Float.NaN);
      x.set(4, 17, Float.POSITIVE_INFINITY);
      Compressed24 w = f.sparse(n, k, DType.F32, 0);
      Matrix values = f.blank(n, k / 2, DType.F32, 0);
      f.session.sddmm24(f.in(dy), f.in(x), f.in(w.mask()), f.out(values));
      f.finish();
      for (long j = 0; j < n; j++) {
        long slot = 0;
        for (long column = 0; column < k; column++) {
          if (w.mask().get(j, column)) {
            float v = values.get(j, slot++);
            String what = subject + " [" + j + ", " + column + "] = " + v;
            assertTrue(Float.isNaN(v) == (j == 33), what);
            assertTrue(Float.isInfinite(v) == (j != 33 && column == 17), what);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transposingKernels")
  void doublePruningIsTheOraclesBitForBit(Subject subject) {
    int[][] shapes = { // n, k
      {0, 8}, {4, 0}, {4, 4}, {8, 12}, {36, 28}, {128, 36}, {60, 132}, {4, 4100}, {4100, 4}
    };
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : shapes) {
        int pad = f.random.nextInt(3);
        Compressed24 w = f.sparse(shape[0], shape[1], subject.dtype(), pad);
        sprinkle(f, w.values());
        Compressed24 expected = f.blankCompressed(shape[1], shape[0], subject.dtype(), 0);
        f.oracle.doublePrune24(w, expected);
        compare(f, subject, w, expected, pad);
      }
    }
  }

  /** Zeros of both signs and ties. */
  private static void sprinkle(Fixture f, Matrix values) {
    float[] special = {0, -0.0f, 1, -1, 0.5f};
    for (long i = 0; i < values.rows(); i++) {
      for (long j = 0; j < values.cols(); j++) {
        if (f.random.nextInt(3) == 0) {
          values.set(i, j, special[f.random.nextInt(special.length)]);
        }
      }
    }
  }

  private static void compare(
      Fixture f, Subject subject, Compressed24 w, Compressed24 expected, long pad) {
    Compressed24 actual = f.blankCompressed(w.k(), w.n(), subject.dtype(), 2 - pad);
    Compressed24 out = new Compressed24(f.out(actual.values()), f.in(actual.mask()));
    f.session.doublePrune24(f.in(w), out);
    f.finish();
    f.back(out.mask(), actual.mask());
    String what = subject + " " + w.n() + " x " + w.k();
    f.assertSame(expected.mask(), actual.mask(), what);
    f.assertSame(expected.values(), actual.values(), what);
  }

  static Stream<Subject> refreshingKernels() {
    return Fixture.kernels(Op.REFRESH24);
  }

  /** With the mask of other values, so that some of what it keeps is not there. */
  @ParameterizedTest
  @MethodSource("refreshingKernels")
  void refreshedValuesAreTheOraclesBitForBit(Subject subject) {
    int[][] shapes = { // n, k
      {0, 8}, {4, 0}, {4, 4}, {8, 12}, {36, 28}, {128, 36}, {60, 132}, {4, 4100}, {4100, 4}
    };
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : shapes) {
        int pad = f.random.nextInt(3);
        Compressed24 w = f.sparse(shape[0], shape[1], subject.dtype(), pad);
        sprinkle(f, w.values());
        Compressed24 other = f.sparse(shape[0], shape[1], subject.dtype(), 0);
        for (boolean own : new boolean[] {true, false}) {
          Compressed24 expected = f.blankCompressed(shape[1], shape[0], subject.dtype(), 0);
          f.oracle.doublePrune24(own ? w : other, expected);
          if (!own) {
            f.oracle.refresh24(w, expected);
          }
          Matrix values = f.blank(shape[1], shape[0] / 2, subject.dtype(), 2 - pad);
          f.session.refresh24(f.in(w), new Compressed24(f.out(values), f.in(expected.mask())));
          f.finish();
          f.assertSame(expected.values(), values, subject + " " + shape[0] + " x " + shape[1]);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("refreshingKernels")
  void refreshingWantsTwoBitsAGroup(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (boolean transposed : new boolean[] {false, true}) {
        Compressed24 w = f.sparse(36, 44, subject.dtype(), 0);
        Compressed24 out = f.blankCompressed(44, 36, subject.dtype(), 0);
        f.oracle.doublePrune24(w, out);
        Compressed24 broken = transposed ? out : w;
        for (long column = 8; column < 12; column++) {
          broken.mask().set(33, column, column != 9);
        }
        Compressed24 there = new Compressed24(f.out(out.values()), f.in(out.mask()));
        Sparse24Exception.BadData e =
            assertThrows(
                Sparse24Exception.BadData.class,
                () -> {
                  f.session.refresh24(f.in(w), there);
                  f.session.synchronize();
                },
                subject.toString());
        assertTrue(String.valueOf(e.getMessage()).contains("[33, 8"), e.toString());
      }
    }
  }

  /** W pruned, and its transpose, as the oracle's two operations have them one after the other. */
  @ParameterizedTest
  @MethodSource("pruningKernels")
  void pruningBothIsTheOraclesTwoBitForBit(Subject subject) {
    int[][] shapes = { // n, k
      {0, 8},
      {4, 0},
      {4, 4},
      {8, 12},
      {36, 28},
      {128, 64},
      {132, 68},
      {260, 132},
      {4, 4100},
      {4100, 4}
    };
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : shapes) {
        for (ScoreKind kind : ScoreKind.values()) {
          for (int pad = 0; pad < 3; pad++) {
            Matrix w = f.normal(shape[0], shape[1], subject.dtype(), pad);
            sprinkle(f, w);
            pruneBoth(f, subject, w, kind, pad);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pruningKernels")
  void pruningBothLetsThroughWhatItIsTold(Subject subject) {
    float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    try (Fixture f = new Fixture(subject)) {
      f.session.allowNonFinite(true);
      f.oracle.allowNonFinite(true);
      for (ScoreKind kind : ScoreKind.values()) {
        Matrix w = f.normal(132, 132, subject.dtype(), 0);
        for (int i = 0; i < 40; i++) {
          w.set(f.random.nextInt(132), f.random.nextInt(132), special[i % 3]);
        }
        pruneBoth(f, subject, w, kind, 1);
      }
    }
  }

  private static void pruneBoth(Fixture f, Subject subject, Matrix w, ScoreKind kind, int pad) {
    long n = w.rows();
    long k = w.cols();
    Matrix s = kind == ScoreKind.WANDA ? f.blank(1, k, DType.F32, 0) : null;
    for (long j = 0; s != null && j < k; j++) {
      s.set(0, j, f.random.nextInt(4) == 0 ? 0 : f.random.nextFloat() * 10);
    }
    Compressed24 expected = f.blankCompressed(n, k, subject.dtype(), 0);
    Compressed24 turned = f.blankCompressed(k, n, subject.dtype(), 0);
    f.oracle.prune24(w, kind, s, expected);
    f.oracle.doublePrune24(expected, turned);

    Compressed24 host = f.blankCompressed(n, k, subject.dtype(), pad);
    Compressed24 hostTurned = f.blankCompressed(k, n, subject.dtype(), pad);
    Compressed24 out = new Compressed24(f.out(host.values()), f.in(host.mask()));
    Compressed24 transpose = new Compressed24(f.out(hostTurned.values()), f.in(hostTurned.mask()));
    f.session.prune24Both(f.in(w), kind, s == null ? null : f.in(s), out, transpose);
    f.finish();
    f.back(out.mask(), host.mask());
    f.back(transpose.mask(), hostTurned.mask());
    String what = subject + " " + kind + " " + n + " x " + k + " pad " + pad;
    f.assertSame(expected.mask(), host.mask(), what);
    f.assertSame(expected.values(), host.values(), what);
    f.assertSame(turned.mask(), hostTurned.mask(), what + ", transposed");
    f.assertSame(turned.values(), hostTurned.values(), what + ", transposed");
  }

  /** Without zeros among the kept values it is the pruned transpose of the dense form. */
  @ParameterizedTest
  @MethodSource("transposingKernels")
  void doublePruningPrunesTheTranspose(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Compressed24 w = f.sparse(36, 28, subject.dtype(), 0);
      Matrix dense = f.blank(36, 28, subject.dtype(), 0);
      f.oracle.decompress24(w, dense);
      Compressed24 expected = f.blankCompressed(28, 36, subject.dtype(), 0);
      f.oracle.prune24(transpose(f, dense, subject.dtype()), ScoreKind.MAGNITUDE, null, expected);
      compare(f, subject, w, expected, 0);
    }
  }

  /** Each column of four rows by hand: kept values, and the rows and values that stay. */
  @ParameterizedTest
  @MethodSource("transposingKernels")
  void doublePruningEdgeRules(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      // Column 0 keeps 2, -3, 1 of rows 0, 1, 2; column 1 a tie of rows 0, 2, 3; column 2 only -0
      // in
      // row 1; column 3 nothing but row 3.
      Matrix dense = f.blank(4, 4, subject.dtype(), 0);
      dense.segment().fill((byte) 0);
      Compressed24 w = f.blankCompressed(4, 4, subject.dtype(), 0);
      w.mask().segment().fill((byte) 0);
      float[][] kept = {{2, 5}, {-3, -0.0f}, {1, -5}, {5, 7}};
      int[][] columns = {{0, 1}, {0, 2}, {0, 1}, {1, 3}};
      for (int i = 0; i < 4; i++) {
        for (int c = 0; c < 2; c++) {
          w.mask().set(i, columns[i][c], true);
          w.values().set(i, c, kept[i][c]);
        }
      }
      Compressed24 expected = f.blankCompressed(4, 4, subject.dtype(), 0);
      expected.mask().segment().fill((byte) 0);
      int[][] rows = {{0, 1}, {0, 2}, {0, 1}, {0, 3}};
      float[][] values = {{2, -3}, {5, -5}, {0, -0.0f}, {0, 7}};
      for (int j = 0; j < 4; j++) {
        for (int c = 0; c < 2; c++) {
          expected.mask().set(j, rows[j][c], true);
          expected.values().set(j, c, values[j][c]);
        }
      }
      compare(f, subject, w, expected, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("gradientKernels")
  void gradientsOfAMaskWithoutTwoBitsAGroupAreRefused(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Compressed24 w = f.sparse(3, 40, subject.dtype(), 0);
      w.mask().set(2, 36, !w.mask().get(2, 36));
      Matrix dy = f.in(f.normal(2, 3, subject.dtype(), 0));
      Matrix x = f.in(f.normal(2, 40, subject.dtype(), 0));
      Matrix values = f.in(f.blank(3, 20, DType.F32, 0));
      assertBadData(() -> {
        f.session.sddmm24(dy, x, f.in(w.mask()), values);
        f.session.synchronize();
      });
    }
  }

  @ParameterizedTest
  @MethodSource("transposingKernels")
  void doublePruningOfAMaskWithoutTwoBitsAGroupIsRefused(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Compressed24 w = f.sparse(4, 40, subject.dtype(), 0);
      w.mask().set(2, 36, !w.mask().get(2, 36));
      assertBadData(() -> {
        f.session.doublePrune24(f.in(w), f.in(f.blankCompressed(40, 4, subject.dtype(), 0)));
        f.session.synchronize();
      });
    }
  }

  private static void assertBadData(Executable call) {
    Sparse24Exception.BadData e = assertThrows(Sparse24Exception.BadData.class, call);
    assertTrue(String.valueOf(e.getMessage()).contains("mask[2, 36..39] keeps"), e.toString());
  }
}
