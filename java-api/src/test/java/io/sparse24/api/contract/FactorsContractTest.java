package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Scores by factors, bit for bit the oracle's, and the oracle's beside float64; margins. */
final class FactorsContractTest {
  private static final int[][] SHAPES = {{0, 8}, {3, 0}, {1, 4}, {3, 12}, {31, 36}, {5, 2052}};

  static Stream<Subject> scoreKernels() {
    return Fixture.kernels(Op.SCORE_FACTORS);
  }

  static Stream<Subject> pruneKernels() {
    return Fixture.kernels(Op.PRUNE24_FACTORS);
  }

  static Stream<Subject> marginsKernels() {
    return Fixture.kernels(Op.MARGINS);
  }

  /** Every combination of terms, to either power. */
  private static List<ScoreFactors> factors(Fixture f, int n, int k) {
    List<ScoreFactors> all = new ArrayList<>();
    for (int terms = 1; terms < 8; terms++) {
      Matrix a = (terms & 1) != 0 ? f.normal(1, k, DType.F32, 0) : null;
      Matrix b = (terms & 2) != 0 ? f.normal(1, k, DType.F32, 0) : null;
      Matrix r = (terms & 2) != 0 ? f.normal(1, n, DType.F32, 0) : null;
      Matrix g = (terms & 4) != 0 ? f.normal(n, k, DType.F32, f.random.nextInt(3)) : null;
      float scale = f.random.nextFloat();
      float least = f.random.nextFloat();
      all.add(new ScoreFactors(1 + f.random.nextInt(2), a, b, r, g, scale, least));
    }
    return all;
  }

  private static @Nullable Matrix in(Fixture f, @Nullable Matrix matrix) {
    return matrix == null ? null : f.in(matrix);
  }

  private static ScoreFactors in(Fixture f, ScoreFactors x) {
    return new ScoreFactors(
        x.power(), in(f, x.a()), in(f, x.b()), in(f, x.r()), in(f, x.g()), x.gScale(), x.gLeast());
  }

  private static double at(@Nullable Matrix matrix, long i, long j) {
    return matrix == null ? 0 : matrix.get(i, j);
  }

  @ParameterizedTest
  @MethodSource("scoreKernels")
  void scoresAreTheOraclesAndTheFormulas(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int n = shape[0];
        int k = shape[1];
        for (ScoreFactors factors : factors(f, n, k)) {
          Matrix w = f.normal(n, k, subject.dtype(), f.random.nextInt(3));
          Matrix expected = f.blank(n, k, DType.F32, 0);
          f.oracle.score(w, factors, expected);
          Matrix actual = f.blank(n, k, DType.F32, 2);
          f.session.score(f.in(w), in(f, factors), f.out(actual));
          f.finish();
          f.assertSame(expected, actual, subject + " " + n + " x " + k);
          for (int i = 0; i < n; i++) {
            for (int j = 0; j < k; j++) {
              double rows = at(factors.b(), 0, j) * at(factors.r(), 0, i);
              double g = factors.g() == null ? 0 : at(factors.g(), i, j) - factors.gLeast();
              double power = Math.pow(Math.abs(w.get(i, j)), factors.power());
              double exact = power * (at(factors.a(), 0, j) + rows + factors.gScale() * g);
              double terms =
                  power
                      * (Math.abs(at(factors.a(), 0, j))
                          + Math.abs(rows)
                          + factors.gScale() * Math.abs(g));
              assertEquals(exact, expected.get(i, j), 0x1p-21 * terms, "seed " + f.seed);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pruneKernels")
  void pruningIsTheOraclesBitForBit(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int n = shape[0];
        int k = shape[1];
        for (ScoreFactors factors : factors(f, n, k)) {
          int pad = f.random.nextInt(3);
          Matrix w = f.normal(n, k, subject.dtype(), pad);
          Compressed24 expected = f.blankCompressed(n, k, subject.dtype(), 0);
          f.oracle.prune24(w, factors, expected);
          Compressed24 actual = f.blankCompressed(n, k, subject.dtype(), pad);
          Compressed24 out = new Compressed24(f.out(actual.values()), f.in(actual.mask()));
          f.session.prune24(f.in(w), in(f, factors), out);
          f.finish();
          f.back(out.mask(), actual.mask());
          String what = subject + " " + n + " x " + k;
          f.assertSame(expected.mask(), actual.mask(), what);
          f.assertSame(expected.values(), actual.values(), what);
        }
      }
    }
  }

  /** A zero of either sign and every equal score: the lower column stays. */
  @ParameterizedTest
  @MethodSource("pruneKernels")
  void ofEqualScoresTheLowerColumnStays(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      int k = 132;
      Matrix w = f.blank(1, k, subject.dtype(), 0);
      Matrix a = f.blank(1, k, DType.F32, 0);
      for (int j = 0; j < k; j++) {
        w.set(0, j, j % 2 == 0 ? 1 : -1);
        a.set(0, j, j % 4 == 0 ? -0.0f : j % 4 == 1 ? 0 : -1);
      }
      Compressed24 there = f.in(f.blankCompressed(1, k, subject.dtype(), 0));
      f.session.prune24(f.in(w), ScoreFactors.ofColumns(f.in(a)), there);
      f.session.synchronize();
      Compressed24 pruned = f.blankCompressed(1, k, subject.dtype(), 0);
      f.back(there.mask(), pruned.mask());
      for (int j = 0; j < k; j++) {
        assertEquals(j % 4 < 2, pruned.mask().get(0, j), "column " + j);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pruneKernels")
  void whatIsNotFiniteIsNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      int n = 9;
      int k = 132;
      Matrix w = f.normal(n, k, subject.dtype(), 0);
      ScoreFactors factors = factors(f, n, k).getLast();
      Matrix g = Objects.requireNonNull(factors.g());
      g.set(7, 130, Float.NaN);
      assertEquals("g[7, 130] is NaN", problem(f, w, factors));
      w.set(7, 3, Float.POSITIVE_INFINITY);
      assertEquals("w[7, 3] is Inf", problem(f, w, factors));
      f.session.allowNonFinite(true);
      Compressed24 out = f.in(f.blankCompressed(n, k, subject.dtype(), 0));
      f.session.prune24(f.in(w), in(f, factors), out);
      f.session.synchronize();
    }
  }

  private static String problem(Fixture f, Matrix w, ScoreFactors factors) {
    Compressed24 out = f.in(f.blankCompressed(w.rows(), w.cols(), w.dtype(), 0));
    return String.valueOf(
        assertThrows(
                Sparse24Exception.BadData.class,
                () -> {
                  f.session.prune24(f.in(w), in(f, factors), out);
                  f.session.synchronize();
                })
            .getMessage());
  }

  @ParameterizedTest
  @MethodSource("marginsKernels")
  void marginsAreTheOracles(Subject subject) {
    Tolerance norms = Tolerance.norms();
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : new int[][] {{1, 1}, {3, 12}, {31, 37}, {600, 70}, {5, 2052}}) {
        Matrix x = f.normal(shape[0], shape[1], subject.dtype(), f.random.nextInt(3));
        Matrix[] expected = vectors(f, shape);
        Matrix[] actual = vectors(f, shape);
        f.oracle.margins(x, expected[0], expected[1], expected[2]);
        f.session.margins(f.in(x), f.out(actual[0]), f.out(actual[1]), f.out(actual[2]));
        f.finish();
        String what = subject + " " + shape[0] + " x " + shape[1];
        f.assertNear(expected[0], actual[0], norms, what + " rows");
        f.assertNear(expected[1], actual[1], norms, what + " columns");
        f.assertSame(expected[2], actual[2], what + " range");
      }
      Matrix x = f.normal(40, 70, subject.dtype(), 0);
      x.set(39, 0, Float.NaN);
      x.set(38, 69, Float.NEGATIVE_INFINITY);
      Matrix[] out = vectors(f, new int[] {40, 70});
      String message =
          String.valueOf(
              assertThrows(
                      Sparse24Exception.BadData.class,
                      () -> {
                        f.session.margins(f.in(x), f.in(out[0]), f.in(out[1]), f.in(out[2]));
                        f.session.synchronize();
                      })
                  .getMessage());
      assertTrue(message.contains("x[38, 69] is -Inf"), message);
    }
  }

  private static Matrix[] vectors(Fixture f, int[] shape) {
    return new Matrix[] {
      f.blank(1, shape[0], DType.F32, 0),
      f.blank(1, shape[1], DType.F32, 0),
      f.blank(1, 2, DType.F32, 0)
    };
  }
}
