package io.sparse24;

import static io.sparse24.DoubleMatrices.cholesky;
import static io.sparse24.DoubleMatrices.inverse;
import static io.sparse24.DoubleMatrices.minus;
import static io.sparse24.DoubleMatrices.times;
import static io.sparse24.DoubleMatrices.transposed;

import java.util.Arrays;

/** SparseGPT and ADMM by their formulas in float64, written out. */
final class WeightUpdateOracle {
  private WeightUpdateOracle() {}

  /** As the paper has it, column by column over the whole width; blocks only for unstructured. */
  static double[][] sparseGpt(double[][] weight, double[][] x, Pattern pattern) {
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

  static double[][] admm(double[][] weight, double[][] x, Pattern pattern) {
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
  static boolean[][] largest(double[][] scores, long count) {
    double[] sorted = Arrays.stream(scores).flatMapToDouble(Arrays::stream).sorted().toArray();
    boolean[][] kept = new boolean[scores.length][scores[0].length];
    for (int i = 0; i < scores.length; i++) {
      for (int j = 0; j < scores[0].length; j++) {
        kept[i][j] = count == 0 || scores[i][j] > sorted[(int) count - 1];
      }
    }
    return kept;
  }
}
