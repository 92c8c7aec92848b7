package io.sparse24;

import static io.sparse24.DoubleMatrices.times;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;

/** Random weights and inputs in float64, and what a session takes of them. */
final class Fixture {
  final Arena arena = Arena.ofAuto();
  final long seed = Long.getLong("s24.seed", System.nanoTime());
  final Random random = new Random(seed);

  double[][] normal(int rows, int cols) {
    double[][] m = new double[rows][cols];
    for (double[] row : m) {
      for (int j = 0; j < cols; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return m;
  }

  /** Inputs that depend on each other: few causes, some noise. */
  double[][] inputs(int tokens, int k) {
    double[][] x = times(normal(tokens, k / 4), normal(k / 4, k));
    for (double[] row : x) {
      for (int j = 0; j < k; j++) {
        row[j] = (float) (row[j] + random.nextGaussian());
      }
    }
    return x;
  }

  Matrix host(double[][] m, DType dtype) {
    Matrix matrix = Matrix.allocate(arena, m.length, m[0].length, dtype);
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < m[0].length; j++) {
        matrix.set(i, j, (float) m[i][j]);
      }
    }
    return matrix;
  }

  static double[][] doubles(Matrix m) {
    double[][] d = new double[(int) m.rows()][(int) m.cols()];
    for (int i = 0; i < d.length; i++) {
      for (int j = 0; j < d[0].length; j++) {
        d[i][j] = m.get(i, j);
      }
    }
    return d;
  }

  Gram gram(Session session, double[][] x) {
    Gram gram = new Gram(session, x[0].length);
    int half = x.length / 3;
    gram.add(host(Arrays.copyOf(x, half), DType.F32));
    gram.add(host(Arrays.copyOfRange(x, half, x.length), DType.F32));
    return gram;
  }
}
