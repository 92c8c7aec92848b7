package io.sparse24;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SparseGPT, ADMM and low-rank terms against their formulas in float64, written out here. */
final class WeightUpdateTest {
  private static final List<Pattern> PATTERNS =
      List.of(Pattern.P2_4, new Pattern(4, 8), Pattern.unstructured(50));

  private final Arena arena = Arena.ofAuto();
  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);

  static Stream<String> backends() {
    return PrunerTest.backends();
  }

  private double[][] normal(int rows, int cols) {
    double[][] m = new double[rows][cols];
    for (double[] row : m) {
      for (int j = 0; j < cols; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return m;
  }

  /** Inputs that depend on each other: few causes, some noise. */
  private double[][] inputs(int tokens, int k) {
    double[][] x = times(normal(tokens, k / 4), normal(k / 4, k));
    for (double[] row : x) {
      for (int j = 0; j < k; j++) {
        row[j] = (float) (row[j] + random.nextGaussian());
      }
    }
    return x;
  }

  private Matrix host(double[][] m, DType dtype) {
    Matrix matrix = Matrix.allocate(arena, m.length, m[0].length, dtype);
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < m[0].length; j++) {
        matrix.set(i, j, (float) m[i][j]);
      }
    }
    return matrix;
  }

  private static double[][] doubles(Matrix m) {
    double[][] d = new double[(int) m.rows()][(int) m.cols()];
    for (int i = 0; i < d.length; i++) {
      for (int j = 0; j < d[0].length; j++) {
        d[i][j] = m.get(i, j);
      }
    }
    return d;
  }

  private static double[][] times(double[][] a, double[][] b) {
    double[][] c = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int l = 0; l < b.length; l++) {
        for (int j = 0; j < b[0].length; j++) {
          c[i][j] += a[i][l] * b[l][j];
        }
      }
    }
    return c;
  }

  private static double[][] transposed(double[][] a) {
    double[][] t = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        t[j][i] = a[i][j];
      }
    }
    return t;
  }

  private static double[][] minus(double[][] a, double[][] b) {
    double[][] c = new double[a.length][a[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        c[i][j] = a[i][j] - b[i][j];
      }
    }
    return c;
  }

  private static double norm(double[][] a) {
    return Math.sqrt(Arrays.stream(a).flatMapToDouble(Arrays::stream).map(v -> v * v).sum());
  }

  /** By Gauss and Jordan. */
  private static double[][] inverse(double[][] of) {
    int n = of.length;
    double[][] a = new double[n][2 * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(of[i], 0, a[i], 0, n);
      a[i][n + i] = 1;
    }
    for (int c = 0; c < n; c++) {
      int best = c;
      for (int r = c + 1; r < n; r++) {
        best = Math.abs(a[r][c]) > Math.abs(a[best][c]) ? r : best;
      }
      double[] swapped = a[c];
      a[c] = a[best];
      a[best] = swapped;
      double pivot = a[c][c];
      for (int j = 0; j < 2 * n; j++) {
        a[c][j] /= pivot;
      }
      for (int r = 0; r < n; r++) {
        double by = a[r][c];
        if (r != c && by != 0) {
          for (int j = 0; j < 2 * n; j++) {
            a[r][j] -= by * a[c][j];
          }
        }
      }
    }
    double[][] inverse = new double[n][];
    for (int i = 0; i < n; i++) {
      inverse[i] = Arrays.copyOfRange(a[i], n, 2 * n);
    }
    return inverse;
  }

  /** Falling, by one-sided Jacobi rotations. */
  private static double[] singularValues(double[][] of) {
    double[][] a = transposed(of); // rows are turned against each other
    for (int sweep = 0; sweep < 60; sweep++) {
      double off = 0;
      for (int p = 0; p < a.length; p++) {
        for (int q = p + 1; q < a.length; q++) {
          double pp = 0;
          double qq = 0;
          double pq = 0;
          for (int j = 0; j < a[0].length; j++) {
            pp += a[p][j] * a[p][j];
            qq += a[q][j] * a[q][j];
            pq += a[p][j] * a[q][j];
          }
          if (Math.abs(pq) <= 1e-14 * Math.sqrt(pp * qq)) {
            continue;
          }
          off = 1;
          double zeta = (qq - pp) / (2 * pq);
          double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.hypot(1, zeta));
          double c = 1 / Math.hypot(1, t);
          for (int j = 0; j < a[0].length; j++) {
            double v = a[p][j];
            a[p][j] = c * v - c * t * a[q][j];
            a[q][j] = c * t * v + c * a[q][j];
          }
        }
      }
      if (off == 0) {
        break;
      }
    }
    double[] values = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      values[i] = -norm(new double[][] {a[i]});
    }
    Arrays.sort(values);
    for (int i = 0; i < values.length; i++) {
      values[i] = -values[i];
    }
    return values;
  }

  /** Lower L of A = L Lᵀ. */
  private static double[][] cholesky(double[][] a) {
    int n = a.length;
    double[][] l = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = a[i][j];
        for (int c = 0; c < j; c++) {
          sum -= l[i][c] * l[j][c];
        }
        l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
      }
    }
    return l;
  }

  private Gram gram(Session session, double[][] x) {
    Gram gram = new Gram(session, x[0].length);
    int half = x.length / 3;
    gram.add(host(Arrays.copyOf(x, half), DType.F32));
    gram.add(host(Arrays.copyOfRange(x, half, x.length), DType.F32));
    return gram;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void gramIsTheSumOfProducts(String backend) {
    double[][] x = inputs(41, 12);
    double[][] expected = times(transposed(x), x);
    try (Session session = Backends.open(backend);
        Gram gram = gram(session, x)) {
      assertEquals(41, gram.tokens());
      Symmetric actual = gram.symmetric(arena);
      for (int i = 0; i < 12; i++) {
        for (int j = i; j < 12; j++) {
          assertEquals(expected[i][j], actual.get(i, j), 1e-4 * norm(expected), "seed " + seed);
        }
      }
      Matrix wrong = host(normal(2, 13), DType.F32);
      assertThrows(IllegalArgumentException.class, () -> gram.add(wrong));
    }
    try (Session session = Backends.open(backend);
        Gram empty = new Gram(session, 8)) {
      Matrix w = host(normal(4, 8), DType.F32);
      Pruner pruner = pruner("sparsegpt", empty);
      Compressed24 out = Compressed24.allocate(arena, 4, 8, DType.F32);
      assertThrows(IllegalStateException.class, () -> pruner.prune(session, w, out));
      Matrix other = host(normal(4, 12), DType.F32);
      assertThrows(
          IllegalArgumentException.class,
          () -> pruner.pruneDense(session, other, Pattern.P2_4, other));
      assertThrows(IllegalArgumentException.class, () -> new Gram(session, 0));
    }
  }

  private static Pruner pruner(String method, Gram gram) {
    return Pruner.of(PruningMethods.named(method), new Pruner.Inputs(null, null, gram));
  }

  /** Which stay, from scores: a group's largest, the first of equal ones. */
  private static boolean[][] largest(double[][] scores, Pattern pattern) {
    boolean[][] kept = new boolean[scores.length][scores[0].length];
    for (int i = 0; i < scores.length; i++) {
      for (int g = 0; g < scores[0].length; g += pattern.of()) {
        for (int j = g; j < g + pattern.of(); j++) {
          int before = 0;
          for (int o = g; o < g + pattern.of(); o++) {
            boolean more = scores[i][o] > scores[i][j] || (scores[i][o] == scores[i][j] && o < j);
            before += more ? 1 : 0;
          }
          kept[i][j] = before < pattern.keep();
        }
      }
    }
    return kept;
  }

  /** The smallest {@code count} of all go. */
  private static boolean[][] largest(double[][] scores, long count) {
    double[] sorted = Arrays.stream(scores).flatMapToDouble(Arrays::stream).sorted().toArray();
    boolean[][] kept = new boolean[scores.length][scores[0].length];
    for (int i = 0; i < scores.length; i++) {
      for (int j = 0; j < scores[0].length; j++) {
        kept[i][j] = count == 0 || scores[i][j] > sorted[(int) count - 1];
      }
    }
    return kept;
  }

  /** As the paper has it, column by column over the whole width; blocks only for unstructured. */
  private static double[][] sparseGpt(double[][] weight, double[][] x, Pattern pattern) {
    double[][] h = times(transposed(x), x);
    int k = h.length;
    double mean = 0;
    for (int j = 0; j < k; j++) {
      h[j][j] = h[j][j] == 0 ? 1 : h[j][j];
      mean += h[j][j] / k;
    }
    for (int j = 0; j < k; j++) {
      h[j][j] += 0.01 * mean;
    }
    double[][] u = transposed(cholesky(inverse(h)));
    double[][] w = Arrays.stream(weight).map(double[]::clone).toArray(double[][]::new);
    for (double[] row : w) {
      for (int j = 0; j < k; j++) {
        row[j] = dead(x, j) ? 0 : row[j];
      }
    }
    boolean[][] kept = new boolean[w.length][k];
    for (int j = 0; j < k; j++) {
      int width = pattern.unstructured() ? 128 : pattern.of();
      if (j % width == 0) {
        int to = Math.min(k, j + width);
        double[][] scores = new double[w.length][to - j];
        for (int i = 0; i < w.length; i++) {
          for (int c = j; c < to; c++) {
            scores[i][c - j] = w[i][c] * w[i][c] / (u[c][c] * u[c][c]);
          }
        }
        boolean[][] stay =
            pattern.unstructured()
                ? largest(scores, pattern.dropped((long) w.length * (to - j)))
                : largest(scores, pattern);
        for (int i = 0; i < w.length; i++) {
          System.arraycopy(stay[i], 0, kept[i], j, to - j);
        }
      }
      for (int i = 0; i < w.length; i++) {
        double error = kept[i][j] ? 0 : w[i][j] / u[j][j];
        w[i][j] = kept[i][j] ? w[i][j] : 0;
        for (int c = j + 1; c < k; c++) {
          w[i][c] -= error * u[j][c];
        }
      }
    }
    return w;
  }

  private static boolean dead(double[][] x, int j) {
    return Arrays.stream(x).allMatch(row -> row[j] == 0);
  }

  private static double[][] admm(double[][] weight, double[][] x, Pattern pattern) {
    double[][] a = times(transposed(x), x);
    int k = a.length;
    int n = weight.length;
    double[] norms = new double[k];
    for (int j = 0; j < k; j++) {
      norms[j] = Math.sqrt(a[j][j]) + 1e-8;
    }
    double mean = 0;
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        a[i][j] /= norms[i] * norms[j];
      }
      mean += a[i][i] / k;
    }
    double[][] w = new double[n][k];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < k; j++) {
        w[i][j] = weight[i][j] * norms[j];
      }
    }
    double[][] plus = new double[k][k];
    for (int i = 0; i < k; i++) {
      a[i][i] += 0.1 * mean;
      plus[i] = a[i].clone();
      plus[i][i] += 1;
    }
    double[][] p = inverse(plus);
    double[][] c = times(w, a);
    double[][] u = new double[n][k];
    double[][] z = new double[n][k];
    boolean[][] kept = new boolean[n][k];
    for (int round = 0; round < 20; round++) {
      double[][] sizes = new double[n][k];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < k; j++) {
          sizes[i][j] = Math.abs(w[i][j] + u[i][j]);
        }
      }
      if (round < 15) {
        double share = 1 - Math.pow(1 - (round + 1) / 15.0, 3);
        if (pattern.unstructured()) {
          kept = largest(sizes, Math.round(share * pattern.dropped((long) n * k)));
        } else {
          boolean[][] safe = largest(sizes, pattern);
          double[][] rest = new double[n][k];
          for (int i = 0; i < n; i++) {
            for (int j = 0; j < k; j++) {
              rest[i][j] = safe[i][j] ? Double.MAX_VALUE : sizes[i][j];
            }
          }
          kept =
              largest(
                  rest, Math.round(share * n * k * (pattern.of() - pattern.keep()) / pattern.of()));
        }
      }
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < k; j++) {
          z[i][j] = kept[i][j] ? w[i][j] + u[i][j] : 0;
          u[i][j] += w[i][j] - z[i][j];
        }
      }
      w = times(minus(c, minus(u, z)), p);
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < k; j++) {
        z[i][j] = kept[i][j] ? (w[i][j] + u[i][j]) / norms[j] : 0;
      }
    }
    return z;
  }

  /** Whether all rows but few are the same. */
  private static boolean alike(double[][] expected, double[][] got) {
    int different = 0;
    for (int i = 0; i < expected.length; i++) {
      double[][] apart = {minus(new double[][] {expected[i]}, new double[][] {got[i]})[0]};
      different += norm(apart) > 1e-3 * norm(new double[][] {expected[i]}) ? 1 : 0;
    }
    return different <= 0.2 * expected.length;
  }

  private double[][] prune(
      Session session, String method, double[][] w, Gram gram, Pattern pattern, Matrix out) {
    pruner(method, gram).pruneDense(session, host(w, DType.F32), pattern, out);
    return doubles(out);
  }

  private interface Formula {
    double[][] of(double[][] w, double[][] x, Pattern pattern);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void updatesAreTheirFormulas(String backend) {
    try (Session session = Backends.open(backend)) {
      for (Pattern pattern : PATTERNS) {
        isFormula(session, "sparsegpt", pattern, WeightUpdateTest::sparseGpt);
        isFormula(session, "admm", pattern, WeightUpdateTest::admm);
      }
    }
  }

  /**
   * Outputs are off by as much as by the formula, whatever the weights. The weights are the
   * formula's too, unless rounding decides between two of a weight's elements that are all but
   * equal: what is chosen then changes other choices. That is seldom, so of some draws one must be
   * without.
   */
  private void isFormula(Session session, String method, Pattern pattern, Formula formula) {
    int n = 24;
    int k = 264; // two blocks and a bit
    boolean same = false;
    for (int draw = 0; draw < 5 && !same; draw++) {
      double[][] w = normal(n, k);
      double[][] x = inputs(300, k);
      for (double[] row : x) {
        row[17] = 0;
      }
      try (Gram gram = gram(session, x)) {
        Matrix out = Matrix.allocate(arena, n, k, DType.F32);
        double[][] actual = prune(session, method, w, gram, pattern, out);
        double[][] expected = formula.of(w, x, pattern);
        String what = method + " " + pattern + ", seed " + seed;
        assertTrue(keeps(out, pattern), what);
        double off = norm(times(x, transposed(minus(w, expected))));
        assertEquals(off, norm(times(x, transposed(minus(w, actual)))), 0.03 * off, what);
        same = alike(expected, actual);
      }
    }
    assertTrue(same, method + " " + pattern + " never gives the formula's weights, seed " + seed);
  }

  private static boolean keeps(Matrix out, Pattern pattern) {
    long zeros = 0;
    for (long i = 0; i < out.rows(); i++) {
      int stay = 0;
      for (long j = 0; j < out.cols(); j++) {
        if (!pattern.unstructured() && j % pattern.of() == 0) {
          stay = 0;
        }
        stay += out.get(i, j) == 0 ? 0 : 1;
        zeros += out.get(i, j) == 0 ? 1 : 0;
        if (!pattern.unstructured() && stay > pattern.keep()) {
          return false;
        }
      }
    }
    return zeros >= out.rows() * out.cols() / 2;
  }

  /** What they are for: outputs are nearer than by a mask alone. */
  @ParameterizedTest
  @MethodSource("backends")
  void updatesKeepOutputsNearer(String backend) {
    double[][] w = normal(32, 64);
    double[][] x = inputs(500, 64);
    try (Session session = Backends.open(backend);
        Gram gram = gram(session, x);
        ColumnNorms norms = new ColumnNorms(session, 64)) {
      norms.add(host(x, DType.F32), 1);
      for (Pattern pattern : PATTERNS) {
        Matrix out = Matrix.allocate(arena, 32, 64, DType.F32);
        Pruner.wanda(norms).pruneDense(session, host(w, DType.F32), pattern, out);
        double wanda = norm(times(x, transposed(minus(w, doubles(out)))));
        double gpt =
            norm(
                times(x, transposed(minus(w, prune(session, "sparsegpt", w, gram, pattern, out)))));
        double admm =
            norm(times(x, transposed(minus(w, prune(session, "admm", w, gram, pattern, out)))));
        assertTrue(gpt < 0.8 * wanda, pattern + ": " + gpt + " of " + wanda + ", seed " + seed);
        assertTrue(admm < 0.8 * wanda, pattern + ": " + admm + " of " + wanda + ", seed " + seed);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void compressedIsWhatDenseIs(String backend) {
    double[][] w = normal(9, 32);
    double[][] x = inputs(100, 32);
    for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
      try (Session session = Backends.open(backend);
          Gram gram = gram(session, x)) {
        for (String method : List.of("sparsegpt", "admm")) {
          Matrix dense = Matrix.allocate(arena, 9, 32, dtype);
          pruner(method, gram).pruneDense(session, host(w, dtype), Pattern.P2_4, dense);
          Compressed24 compressed = Compressed24.allocate(arena, 9, 32, dtype);
          pruner(method, gram).prune(session, host(w, dtype), compressed);
          for (int i = 0; i < 9; i++) {
            int at = 0;
            for (int j = 0; j < 32; j++) {
              if (compressed.mask().get(i, j)) {
                assertEquals(dense.get(i, j), compressed.values().get(i, at++), method + dtype);
              } else {
                assertEquals(0, dense.get(i, j), method + dtype);
              }
            }
          }
        }
      }
    }
  }

  /** Of both shapes: no other term of the rank has a smaller error. */
  @ParameterizedTest
  @MethodSource("backends")
  void lowRankTermsAreTheBestOfTheirRank(String backend) {
    for (int[] shape : new int[][] {{12, 40}, {40, 12}, {16, 16}}) {
      int n = shape[0];
      int k = shape[1];
      double[][] w = normal(n, k);
      double[][] x = inputs(200, k);
      double[][] root = cholesky(times(transposed(x), x));
      try (Session session = Backends.open(backend);
          Gram gram = gram(session, x)) {
        Matrix pruned = Matrix.allocate(arena, n, k, DType.F32);
        Pruner.magnitude().pruneDense(session, host(w, DType.F32), Pattern.P2_4, pruned);
        double[][] error = minus(w, doubles(pruned));
        for (int rank : new int[] {1, 5, Math.min(n, k)}) {
          LowRankTerm svd = LowRankTerm.of(session, host(w, DType.F32), pruned, rank, null, arena);
          double[][] left = minus(error, times(doubles(svd.r()), doubles(svd.l())));
          String where = n + " x " + k + " rank " + rank + ", seed " + seed;
          assertEquals(
              tail(singularValues(error), rank), norm(left), 1e-4 * norm(error), "svd " + where);
          LowRankTerm eora = LowRankTerm.of(session, host(w, DType.F32), pruned, rank, gram, arena);
          double[][] behind =
              times(minus(error, times(doubles(eora.r()), doubles(eora.l()))), root);
          assertEquals(
              tail(singularValues(times(error, root)), rank),
              norm(behind),
              2e-3 * norm(times(error, root)),
              "eora " + where);
        }
        Matrix host = host(w, DType.F32);
        assertThrows(
            IllegalArgumentException.class,
            () -> LowRankTerm.of(session, host, pruned, 13 + Math.min(n, k), null, arena));
        assertThrows(
            IllegalArgumentException.class,
            () -> LowRankTerm.of(session, host, host(x, DType.F32), 1, null, arena));
      }
    }
  }

  private static double tail(double[] values, int rank) {
    double sum = 0;
    for (int i = rank; i < values.length; i++) {
      sum += values[i] * values[i];
    }
    return Math.sqrt(sum);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void inputsThatAreNotFiniteAreNamed(String backend) {
    double[][] x = normal(3, 8);
    x[1][2] = Double.POSITIVE_INFINITY;
    try (Session session = Backends.open(backend);
        Gram gram = new Gram(session, 8)) {
      session.allowNonFinite(true);
      gram.add(host(x, DType.F32));
      Matrix out = Matrix.allocate(arena, 4, 8, DType.F32);
      double[][] w = normal(4, 8);
      Sparse24Exception.BadData e =
          assertThrows(
              Sparse24Exception.BadData.class,
              () -> prune(session, "sparsegpt", w, gram, Pattern.P2_4, out));
      assertTrue(String.valueOf(e.getMessage()).startsWith("gram: ["), e.getMessage());
    }
  }

  @Test
  void theSmallestGo() {
    for (int round = 0; round < 200; round++) {
      float[] scores = new float[1 + random.nextInt(40)];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = random.nextInt(6); // many ties
      }
      int count = random.nextInt(scores.length + 1);
      boolean[] kept = Smallest.drop(scores, count);
      boolean[] expected = new boolean[scores.length];
      for (int i = 0; i < scores.length; i++) {
        int before = 0;
        for (int o = 0; o < scores.length; o++) {
          before += scores[o] > scores[i] || (scores[o] == scores[i] && o < i) ? 1 : 0;
        }
        expected[i] = before < scores.length - count;
      }
      assertArrayEquals(expected, kept, Arrays.toString(scores) + " - " + count);
    }
  }

  /** Magnitude over the matrix, Wanda by row; as many go as the percentage says, rounded down. */
  @ParameterizedTest
  @MethodSource("backends")
  void unstructuredKeepsTheLargestAnywhere(String backend) {
    double[][] w = normal(7, 11);
    try (Session session = Backends.open(backend);
        ColumnNorms norms = new ColumnNorms(session, 11)) {
      norms.add(host(normal(5, 11), DType.F32), 1);
      Pattern pattern = Pattern.parse("30%");
      Matrix out = Matrix.allocate(arena, 7, 11, DType.F32);
      Pruner.magnitude().pruneDense(session, host(w, DType.F32), pattern, out);
      double[][] sizes = new double[7][11];
      for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 11; j++) {
          sizes[i][j] = Math.abs(w[i][j]);
        }
      }
      boolean[][] kept = largest(sizes, 23);
      Matrix rows = Matrix.allocate(arena, 7, 11, DType.F32);
      Pruner.wanda(norms).pruneDense(session, host(w, DType.F32), pattern, rows);
      for (int i = 0; i < 7; i++) {
        int zeros = 0;
        for (int j = 0; j < 11; j++) {
          assertEquals(kept[i][j] ? (float) w[i][j] : 0, out.get(i, j), "seed " + seed);
          zeros += rows.get(i, j) == 0 ? 1 : 0;
        }
        assertEquals(3, zeros, "seed " + seed);
      }
    }
    assertEquals("30%", Pattern.parse(" 30 %".strip()).toString());
    assertFalse(Pattern.unstructured(50).equals(Pattern.P2_4));
    for (String wrong : List.of("0%", "100%", "-3%", "x%", "%", "2:4%")) {
      assertThrows(IllegalArgumentException.class, () -> Pattern.parse(wrong), wrong);
    }
  }
}
