package io.sparse24;

import java.util.Arrays;

/** Linear algebra in float64, as simple as it can be written. */
final class DoubleMatrices {
  private DoubleMatrices() {}

  static double[][] times(double[][] a, double[][] b) {
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

  static double[][] transposed(double[][] a) {
    double[][] t = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        t[j][i] = a[i][j];
      }
    }
    return t;
  }

  static double[][] minus(double[][] a, double[][] b) {
    double[][] c = new double[a.length][a[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        c[i][j] = a[i][j] - b[i][j];
      }
    }
    return c;
  }

  static double norm(double[][] a) {
    return Math.sqrt(Arrays.stream(a).flatMapToDouble(Arrays::stream).map(v -> v * v).sum());
  }

  /** By Gauss and Jordan. */
  static double[][] inverse(double[][] of) {
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
  static double[] singularValues(double[][] of) {
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
  static double[][] cholesky(double[][] a) {
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
}
