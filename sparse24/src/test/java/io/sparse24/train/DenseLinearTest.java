package io.sparse24.train;

import static io.sparse24.train.Fixture.array;
import static io.sparse24.train.Fixture.product;
import static io.sparse24.train.Fixture.refused;
import static io.sparse24.train.Fixture.save;
import static io.sparse24.train.Fixture.squaredNorm;
import static io.sparse24.train.Fixture.sum;
import static io.sparse24.train.Fixture.transpose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.api.AdamW;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Sgd;
import io.sparse24.api.reference.Tolerance;
import io.sparse24.format.Safetensors;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The dense layer against products in float64, and its gradients against finite differences. */
final class DenseLinearTest {
  @TempDir Path folder;

  static Stream<String> backends() {
    return Fixture.backends();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void productsAreThoseOfTheDefinition(String backend) {
    int[][] shapes = {{1, 1, 1}, {31, 3, 33}, {33, 127, 31}}; // m, n, k
    try (Fixture f = new Fixture(backend)) {
      for (int[] shape : shapes) {
        for (DType dtype : Fixture.FLOATS) {
          definition(f, shape[0], shape[1], shape[2], dtype);
        }
      }
    }
  }

  private static void definition(Fixture f, int m, int n, int k, DType dtype) {
    String what = dtype + " m=" + m + " n=" + n + " k=" + k;
    Matrix w = f.normal(n, k, dtype);
    Matrix x = f.normal(m, k, dtype);
    Matrix c = f.normal(m, n, dtype);
    Matrix dy = f.normal(m, n, dtype);
    Matrix y = f.blank(m, n, dtype);
    Matrix dx = f.normal(m, k, dtype);
    double[][] before = array(dx);
    try (Workspace workspace = Workspace.of(f.session, dtype, m, DenseLinear.needs(n, k));
        DenseLinear layer = DenseLinear.of(workspace, w, Rule.SGD, true)) {
      f.assertSame(w, layer.dense(f.arena), what);
      layer.forward(x, c, y);
      double[][] forward = product(array(x), transpose(array(w)));
      f.assertNear(sum(forward, 1, array(c)), y, Tolerance.gemm(dtype, k, 1), what + " Y");
      layer.backward(dy, x, dx, -2);
      f.assertNear(
          sum(product(array(dy), array(w)), -2, before),
          dx,
          Tolerance.gemm(dtype, n, 1),
          what + " dX");
      layer.step(new Sgd(0.25f, 0, 0), 1);
      // The gradient is rounded, then a quarter of it subtracted, then that rounded.
      double[][] gradient = product(transpose(array(dy)), array(x));
      double[][] expected = sum(array(w), -0.25, gradient);
      double[][] actual = array(layer.dense(f.arena));
      double largest = 4 * Math.sqrt(m) + 4;
      Tolerance sums = Tolerance.gemm(dtype, m, 1);
      f.assertNear(
          expected,
          actual,
          new Tolerance(sums.relative(), sums.absolute() + dtype.epsilon() * largest),
          what + " step");
      // What the bias has become: the rest of Y.
      layer.forward(x, y);
      double[][] rest = product(array(x), transpose(actual));
      for (int j = 0; j < n; j++) {
        double columnSum = 0;
        for (int i = 0; i < m; i++) {
          columnSum += dy.get(i, j);
        }
        for (int i = 0; i < m; i++) {
          rest[i][j] -= 0.25 * columnSum;
        }
      }
      Tolerance products = Tolerance.gemm(dtype, k, largest);
      f.assertNear(
          rest,
          y,
          new Tolerance(products.relative(), products.absolute() + dtype.epsilon() * largest),
          what + " bias");
    }
  }

  /** The loss is ½ ‖Y − Z‖²: central differences are exact at any distance. */
  @Test
  void gradientsAreThoseOfFiniteDifferences() {
    int m = 7;
    int n = 5;
    int k = 9;
    try (Fixture f = new Fixture("reference");
        Workspace workspace = Workspace.of(f.session, DType.F32, m, DenseLinear.needs(n, k))) {
      Matrix w = f.normal(n, k, DType.F32);
      Matrix x = f.normal(m, k, DType.F32);
      Matrix z = f.normal(m, n, DType.F32);
      Matrix dx = f.blank(m, k, DType.F32);
      double[][] dw;
      try (DenseLinear layer = DenseLinear.of(workspace, w, Rule.SGD, false)) {
        Matrix dy = f.blank(m, n, DType.F32);
        layer.forward(x, dy);
        for (int i = 0; i < m; i++) {
          for (int j = 0; j < n; j++) {
            dy.set(i, j, dy.get(i, j) - z.get(i, j));
          }
        }
        layer.backward(dy, x, dx, 0);
        layer.step(new Sgd(1, 0, 0), 1);
        dw = sum(array(w), -1, array(layer.dense(f.arena)));
      }
      double h = 0.5;
      for (int trial = 0; trial < 8; trial++) {
        int column = f.random.nextInt(k);
        int output = f.random.nextInt(n);
        int token = f.random.nextInt(m);
        double inW =
            (loss(f, workspace, moved(f, w, output, column, h), x, z)
                    - loss(f, workspace, moved(f, w, output, column, -h), x, z))
                / (2 * h);
        assertEquals(inW, dw[output][column], 1e-4, "seed " + f.seed);
        double inX =
            (loss(f, workspace, w, moved(f, x, token, column, h), z)
                    - loss(f, workspace, w, moved(f, x, token, column, -h), z))
                / (2 * h);
        assertEquals(inX, dx.get(token, column), 1e-4, "seed " + f.seed);
      }
    }
  }

  private static Matrix moved(Fixture f, Matrix from, int row, int col, double by) {
    Matrix to = f.copy(from);
    to.set(row, col, (float) (to.get(row, col) + by));
    return to;
  }

  private static double loss(Fixture f, Workspace workspace, Matrix w, Matrix x, Matrix z) {
    try (DenseLinear layer = DenseLinear.of(workspace, w, Rule.SGD, false)) {
      Matrix y = f.blank(z.rows(), z.cols(), DType.F32);
      layer.forward(x, y);
      return squaredNorm(sum(array(y), -1, array(z))) / 2;
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aRestoredLayerGoesOnBitForBit(String backend) throws Exception {
    try (Fixture f = new Fixture(backend);
        Workspace workspace = Workspace.of(f.session, DType.BF16, 8, DenseLinear.needs(31, 33));
        DenseLinear layer =
            DenseLinear.of(workspace, f.normal(31, 33, DType.F32), Rule.ADAMW, true);
        DenseLinear other =
            DenseLinear.of(workspace, f.normal(31, 33, DType.F32), Rule.ADAMW, true)) {
      Matrix x = f.normal(8, 33, DType.BF16);
      Matrix dy = f.normal(8, 31, DType.BF16);
      layer.backward(dy, x, null, 0);
      layer.step(AdamW.of(0.1f), 1);
      Path file = save(folder, layer);
      try (Safetensors tensors = Safetensors.open(file)) {
        other.restore("w", tensors);
      }
      for (DenseLinear each : new DenseLinear[] {layer, other}) {
        each.backward(dy, x, null, 0);
        each.step(AdamW.of(0.1f), 0.5f);
      }
      f.assertSame(layer.dense(f.arena), other.dense(f.arena), "weight");
    }
  }

  @Test
  void wrongArgumentsAreRefused() {
    try (Fixture f = new Fixture("reference");
        Workspace workspace = Workspace.of(f.session, DType.F32, 4, DenseLinear.needs(3, 5));
        DenseLinear layer = DenseLinear.of(workspace, f.normal(3, 5, DType.F32), Rule.SGD, false)) {
      Matrix x = f.normal(5, 5, DType.F32);
      refused(
          "x: has 5 rows, the workspace is for at most 4",
          () -> layer.backward(f.normal(5, 3, DType.F32), x, null, 0));
      refused(
          "w: is I8, must be F32, BF16 or F16",
          () ->
              DenseLinear.of(workspace, Matrix.allocate(f.arena, 3, 5, DType.I8), Rule.SGD, false)
                  .close());
      refused(
          "deviation: is Infinity, must be finite",
          () -> Initial.normal(f.arena, 1, 1, Double.POSITIVE_INFINITY, 1));
      refused("n: is 0, must be between 1 and 2^40", () -> Initial.normal(f.arena, 0, 1, 1, 1));
    }
  }
}
