package io.sparse24.train;

import static io.sparse24.train.Fixture.array;
import static io.sparse24.train.Fixture.columnMask;
import static io.sparse24.train.Fixture.deviation;
import static io.sparse24.train.Fixture.masked;
import static io.sparse24.train.Fixture.nonZero;
import static io.sparse24.train.Fixture.product;
import static io.sparse24.train.Fixture.refused;
import static io.sparse24.train.Fixture.save;
import static io.sparse24.train.Fixture.squaredNorm;
import static io.sparse24.train.Fixture.sum;
import static io.sparse24.train.Fixture.transpose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sparse24.Pattern;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.AdamW;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sgd;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.reference.Tolerance;
import io.sparse24.format.FormatException;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SLoPe's three products, its step and its masks against the definitions in plain Java. */
final class SlopeLinearTest {
  private static final List<InitialMask> MASKS =
      List.of(new InitialMask.Magnitude(), new InitialMask.Random(5));

  @TempDir Path folder;

  static Stream<String> backends() {
    return Fixture.backends();
  }

  private static SlopeOptions sgd(InitialMask mask, long period) {
    return new SlopeOptions(Rule.SGD, mask, period, false);
  }

  private static SlopeOptions exact(SlopeOptions as) {
    return new SlopeOptions(as.rule(), as.mask(), as.columnPeriod(), as.bias(), false);
  }

  private static Workspace workspace(
      Fixture f, DType dtype, long m, long n, long k, SlopeOptions options, long rank) {
    return Workspace.of(f.session, dtype, m, SlopeLinear.needs(n, k, options, rank));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void productsAreThoseOfTheDefinition(String backend) {
    int[][] shapes = {{1, 4, 4}, {31, 12, 36}, {33, 68, 20}}; // m, n, k
    try (Fixture f = new Fixture(backend)) {
      for (int[] shape : shapes) {
        for (DType dtype : Fixture.FLOATS) {
          for (InitialMask mask : MASKS) {
            definition(f, shape[0], shape[1], shape[2], dtype, sgd(mask, 1));
            definition(f, shape[0], shape[1], shape[2], dtype, exact(sgd(mask, 1)));
          }
        }
      }
    }
  }

  private static void definition(
      Fixture f, int m, int n, int k, DType dtype, SlopeOptions options) {
    InitialMask initial = options.mask();
    String what = dtype + " " + options + " m=" + m + " n=" + n + " k=" + k;
    Matrix w = f.normal(n, k, dtype);
    Matrix x = f.normal(m, k, dtype);
    Matrix c = f.normal(m, n, dtype);
    Matrix dy = f.normal(m, n, dtype);
    Matrix y = f.blank(m, n, dtype);
    Matrix dx = f.blank(m, k, dtype);
    try (Workspace workspace = workspace(f, dtype, m, n, k, options, 0);
        SlopeLinear layer = SlopeLinear.of(workspace, w, options)) {
      double[][] kept = array(layer.dense(f.arena));
      assertMask(array(w), kept, initial, what);
      double[][] wr = masked(array(w), nonZero(kept));
      assertTrue(deviation(kept, wr) == 0, what + ": kept values are bit for bit");

      Tolerance forward = Tolerance.gemm(dtype, k, 1);
      double[][] exact = product(array(x), transpose(wr));
      layer.forward(x, y);
      f.assertNear(exact, y, forward, what);
      layer.forward(x, c, y);
      f.assertNear(sum(exact, 1, array(c)), y, forward, what + " + C");

      double[][] wrc = options.doublePrune() ? masked(wr, columnMask(wr, 2, 4)) : wr;
      double[][] input = product(array(dy), wrc);
      layer.backward(dy, x, dx, 0);
      f.assertNear(input, dx, Tolerance.gemm(dtype, n, 1), what + " dX");
      Matrix before = f.normal(m, k, dtype);
      Matrix added = f.copy(before);
      layer.backward(dy, x, added, 0.5f);
      f.assertNear(
          sum(input, 0.5, array(before)), added, Tolerance.gemm(dtype, n, 1), what + " + dX");
      layer.backward(dy, x, null, Float.NaN);

      // Three micro-batches alike, scaled by a third each.
      double[][] gradient = masked(product(transpose(array(dy)), array(x)), nonZero(kept));
      double norm = layer.squaredGradientNorm();
      assertEquals(9 * squaredNorm(gradient), norm, 1e-5 * norm, what + ", seed " + f.seed);
      layer.step(new Sgd(0.25f, 0, 0), 1f / 3);
      f.assertNear(
          sum(wr, -0.25, gradient),
          layer.dense(f.arena),
          Tolerance.gemm(dtype, 3L * m, 1),
          what + " step");
    }
  }

  private static void assertMask(double[][] w, double[][] kept, InitialMask initial, String what) {
    boolean[][] expected = transpose(columnMask(transpose(w), 2, 4));
    for (int i = 0; i < w.length; i++) {
      for (int g = 0; g < w[0].length; g += 4) {
        int count = 0;
        for (int j = g; j < g + 4; j++) {
          count += kept[i][j] != 0 ? 1 : 0;
          if (initial instanceof InitialMask.Magnitude) {
            assertEquals(expected[i][j], kept[i][j] != 0, what);
          }
        }
        assertEquals(2, count, what);
      }
    }
  }

  /**
   * The loss is ½ ‖Y − Z‖², so central differences along a direction are exact at any distance; the
   * weights and the direction are multiples of 2⁻⁸, so F32 masters hold them exactly too.
   */
  @Test
  void gradientsAreThoseOfFiniteDifferences() {
    int m = 9;
    int n = 12;
    int k = 20;
    SlopeOptions options = new SlopeOptions(Rule.SGD, new InitialMask.Random(11), 1, false);
    try (Fixture f = new Fixture("reference");
        Workspace workspace = workspace(f, DType.F32, m, n, k, options, 0)) {
      Matrix x = f.normal(m, k, DType.F32);
      Matrix z = f.normal(m, n, DType.F32);
      double[][] w = grid(f, n, k);
      double[][] direction = grid(f, n, k);
      double[][] gradient;
      try (SlopeLinear layer = SlopeLinear.of(workspace, matrix(f, w), options)) {
        Matrix y = f.blank(m, n, DType.F32);
        layer.forward(x, y);
        layer.backward(matrix(f, sum(array(y), -1, array(z))), x, null, 0);
        double[][] before = array(layer.dense(f.arena));
        layer.step(new Sgd(1, 0, 0), 1);
        gradient = sum(before, -1, array(layer.dense(f.arena)));
      }
      double along = 0;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < k; j++) {
          along += gradient[i][j] * direction[i][j];
        }
      }
      double h = 0.5;
      double difference =
          (loss(f, workspace, options, x, z, sum(w, h, direction))
                  - loss(f, workspace, options, x, z, sum(w, -h, direction)))
              / (2 * h);
      assertEquals(difference, along, 1e-5 * Math.abs(difference), "seed " + f.seed);
    }
  }

  private static double loss(
      Fixture f, Workspace workspace, SlopeOptions options, Matrix x, Matrix z, double[][] w) {
    try (SlopeLinear layer = SlopeLinear.of(workspace, matrix(f, w), options)) {
      return loss(f, layer, x, z);
    }
  }

  private static double loss(Fixture f, SlopeLinear layer, Matrix x, Matrix z) {
    Matrix y = f.blank(z.rows(), z.cols(), DType.F32);
    layer.forward(x, y);
    return squaredNorm(sum(array(y), -1, array(z))) / 2;
  }

  private static double[][] grid(Fixture f, int rows, int cols) {
    double[][] out = new double[rows][cols];
    for (double[] row : out) {
      for (int j = 0; j < cols; j++) {
        row[j] = Math.rint(f.random.nextGaussian() * 256) / 256;
      }
    }
    return out;
  }

  private static Matrix matrix(Fixture f, double[][] a) {
    Matrix matrix = Matrix.allocate(f.arena, a.length, a[0].length, DType.F32);
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        matrix.set(i, j, (float) a[i][j]);
      }
    }
    return matrix;
  }

  /** Along the whole gradient g, of weight, bias and adapters, the loss falls by ‖g‖². */
  @Test
  void adaptersAndBiasHaveTheGradientsOfFiniteDifferences() throws Exception {
    int m = 9;
    int n = 12;
    int k = 20;
    SlopeOptions options = new SlopeOptions(Rule.SGD, new InitialMask.Magnitude(), 1, true);
    try (Fixture f = new Fixture("reference");
        Workspace workspace = workspace(f, DType.F32, m, n, k, options, 3);
        SlopeLinear layer = SlopeLinear.of(workspace, f.normal(n, k, DType.F32), options)) {
      Matrix x = f.normal(m, k, DType.F32);
      Matrix z = f.normal(m, n, DType.F32);
      layer.attachAdapters(3, 1, 1);
      for (int i = 0; i < 3; i++) { // R leaves 0; steps so small that no draw diverges
        quadratic(f, layer, x, z, null);
        layer.step(new Sgd(0.0005f, 0, 0), 1);
      }
      Path file = save(folder, layer);
      double[] losses = new double[2];
      double norm = 0;
      float h = 1e-5f;
      for (int side = 0; side < 2; side++) {
        try (Safetensors tensors = Safetensors.open(file)) {
          layer.restore("w", tensors);
        }
        quadratic(f, layer, x, z, null);
        norm = layer.squaredGradientNorm();
        layer.step(new Sgd(side == 0 ? h : -h, 0, 0), 1);
        losses[side] = loss(f, layer, x, z);
      }
      assertEquals(norm, (losses[1] - losses[0]) / (2 * h), 1e-3 * norm, "seed " + f.seed);
    }
  }

  /** Forward and backward of ½ ‖Y − Z‖². */
  private static Matrix quadratic(
      Fixture f, SlopeLinear layer, Matrix x, Matrix z, @Nullable Matrix dx) {
    Matrix y = f.blank(z.rows(), z.cols(), DType.F32);
    layer.forward(x, y);
    Matrix dy = matrix(f, sum(array(y), -1, array(z)));
    layer.backward(dy, x, dx, 0);
    return dy;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void adaptersAreALowRankTermOfEachProduct(String backend) {
    SlopeOptions options = new SlopeOptions(Rule.SGD, new InitialMask.Magnitude(), 1, true);
    lowRankTerms(backend, options);
    lowRankTerms(backend, exact(options));
  }

  private static void lowRankTerms(String backend, SlopeOptions options) {
    int m = 31;
    int n = 36;
    int k = 68;
    int rank = 5;
    try (Fixture f = new Fixture(backend);
        Workspace workspace = workspace(f, DType.F32, m, n, k, options, rank);
        SlopeLinear layer = SlopeLinear.of(workspace, f.normal(n, k, DType.F32), options)) {
      assertNull(layer.adapters(f.arena));
      Matrix x = f.normal(m, k, DType.F32);
      Matrix dy = f.normal(m, n, DType.F32);
      Matrix y = f.blank(m, n, DType.F32);
      Matrix without = f.blank(m, n, DType.F32);
      layer.forward(x, without);
      layer.attachAdapters(rank, 0.5, 3);
      layer.forward(x, y);
      Tolerance near = Tolerance.gemm(DType.F32, k, 1);
      f.assertNear(array(without), y, near, "R is 0 at first");

      // Twice: the first step moves R, the second both.
      for (int step = 0; step < 2; step++) {
        double[][] w = array(layer.dense(f.arena));
        double[][] l = array(adapters(f, layer).l());
        double[][] r = array(adapters(f, layer).r());
        double[][] t = product(array(x), transpose(l));
        double[][] dt = product(array(dy), r);
        Matrix dx = f.blank(m, k, DType.F32);
        layer.backward(dy, x, dx, 0);
        double[][] wrc = options.doublePrune() ? masked(w, columnMask(w, 2, 4)) : w;
        f.assertNear(
            sum(product(array(dy), wrc), 1, product(dt, l)),
            dx,
            Tolerance.gemm(DType.F32, n + rank, 4),
            "dX");
        layer.step(new Sgd(0.01f, 0, 0), 1);
        Tolerance moved = Tolerance.gemm(DType.F32, m, 1);
        f.assertNear(
            sum(r, -0.01, product(transpose(array(dy)), t)), adapters(f, layer).r(), moved, "dR");
        f.assertNear(
            sum(l, -0.01, product(transpose(dt), array(x))), adapters(f, layer).l(), moved, "dL");
      }
      // dY is the same in both steps, so the bias is twice its sum.
      double[][] w = array(layer.dense(f.arena));
      double[][] t = product(array(x), transpose(array(adapters(f, layer).l())));
      double[][] expected =
          sum(
              product(array(x), transpose(w)),
              1,
              product(t, transpose(array(adapters(f, layer).r()))));
      for (int j = 0; j < n; j++) {
        double columnSum = 0;
        for (int i = 0; i < m; i++) {
          columnSum += dy.get(i, j);
        }
        for (int i = 0; i < m; i++) {
          expected[i][j] -= 2 * 0.01 * columnSum;
        }
      }
      layer.forward(x, y);
      f.assertNear(expected, y, Tolerance.gemm(DType.F32, k + rank, 4), "Y");
      assertThrows(IllegalStateException.class, () -> layer.attachAdapters(rank, 0.5, 3));
    }
  }

  private static SlopeLinear.AdapterWeights adapters(Fixture f, SlopeLinear layer) {
    return Objects.requireNonNull(layer.adapters(f.arena));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theColumnMaskIsMadeAnewAtItsPeriod(String backend) {
    int m = 17;
    int n = 16;
    int k = 24;
    try (Fixture f = new Fixture(backend)) {
      for (int period : new int[] {0, 1, 3}) {
        SlopeOptions options = sgd(new InitialMask.Magnitude(), period);
        try (Workspace workspace = workspace(f, DType.F32, m, n, k, options, 0);
            SlopeLinear layer = SlopeLinear.of(workspace, f.normal(n, k, DType.F32), options)) {
          boolean[][] mask = columnMask(array(layer.dense(f.arena)), 2, 4);
          boolean stale = false;
          for (int step = 1; step <= 7; step++) {
            Matrix x = f.normal(m, k, DType.F32);
            Matrix dy = f.normal(m, n, DType.F32);
            Matrix dx = f.blank(m, k, DType.F32);
            double[][] w = array(layer.dense(f.arena));
            layer.backward(dy, x, dx, 0);
            f.assertNear(
                product(array(dy), masked(w, mask)),
                dx,
                Tolerance.gemm(DType.F32, n, 2),
                "period " + period + " step " + step);
            stale |= deviation(masked(w, mask), masked(w, columnMask(w, 2, 4))) > 0;
            layer.step(new Sgd(0.1f, 0, 0), 1);
            if (period > 0 && step % period == 0) {
              mask = columnMask(array(layer.dense(f.arena)), 2, 4);
            }
          }
          assertEquals(period != 1, stale, "period " + period + ", seed " + f.seed);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void doublePruningAddsTheZerosOfTheClosedForm(String backend) {
    int n = 256;
    int k = 512;
    int m = 64;
    try (Fixture f = new Fixture(backend)) {
      for (InitialMask initial : MASKS) {
        SlopeOptions options = sgd(initial, 1);
        try (Workspace workspace = workspace(f, DType.F32, m, n, k, options, 0);
            SlopeLinear layer = SlopeLinear.of(workspace, f.normal(n, k, DType.F32), options)) {
          ExtraSparsity extra = layer.extraSparsity();
          double[][] wr = array(layer.dense(f.arena));
          double[][] wrc = masked(wr, columnMask(wr, 2, 4));
          long zeros = 0;
          for (int i = 0; i < n; i++) {
            for (int j = 0; j < k; j++) {
              zeros += wr[i][j] != 0 && wrc[i][j] == 0 ? 1 : 0;
            }
          }
          assertEquals((double) zeros / n / k, extra.measured());
          assertEquals(0.09375, extra.expected(), 1e-15);
          // Of each group of a column 0, 1 or 2 more are dropped: at most 0.6 zeros' deviation.
          assertEquals(
              extra.expected(),
              extra.measured(),
              6 * 0.6 / 4 / Math.sqrt(n / 4.0 * k),
              initial + ", seed " + f.seed);
          Matrix x = f.normal(m, k, DType.F32);
          Matrix dy = f.normal(m, n, DType.F32);
          Matrix dx = f.blank(m, k, DType.F32);
          layer.backward(dy, x, dx, 0);
          double from = deviation(array(dx), product(array(dy), wr));
          System.out.printf(
              "%s %s: %.4f zeros (closed form %.4f), %.4f of W^R's energy; dX is %.3f from exact%n",
              backend,
              initial,
              extra.measured(),
              extra.expected(),
              1 - squaredNorm(wrc) / squaredNorm(wr),
              from);
          // The square is the share of the energy that the column mask drops.
          assertEquals(
              squaredNorm(wr) - squaredNorm(wrc),
              from * from * squaredNorm(wr),
              0.1 * (squaredNorm(wr) - squaredNorm(wrc)),
              "seed " + f.seed);
        }
      }
    }
  }

  @Test
  void closedFormOfOtherPatterns() {
    assertEquals(0.125, ExtraSparsity.expected(new Pattern(1, 2)), 1e-15);
    assertEquals(0.0584, ExtraSparsity.expected(new Pattern(2, 8)), 5e-5);
    assertEquals(0, ExtraSparsity.expected(new Pattern(4, 4)), 1e-15);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void microBatchesAreOneBatch(String backend) {
    int n = 36;
    int k = 68;
    SlopeOptions options = new SlopeOptions(Rule.SGD, new InitialMask.Random(2), 1, true);
    try (Fixture f = new Fixture(backend)) {
      Matrix w = f.normal(n, k, DType.F32);
      Matrix x = f.normal(31, k, DType.F32);
      Matrix dy = f.normal(31, n, DType.F32);
      try (Workspace workspace = workspace(f, DType.F32, 31, n, k, options, 0);
          SlopeLinear whole = SlopeLinear.of(workspace, w, options);
          SlopeLinear parts = SlopeLinear.of(workspace, w, options)) {
        whole.backward(dy, x, null, 0);
        int[] ends = {0, 1, 18, 31};
        for (int i = 0; i < 3; i++) {
          parts.backward(
              dy.rowSlice(ends[i], ends[i + 1]), x.rowSlice(ends[i], ends[i + 1]), null, 0);
        }
        double norm = whole.squaredGradientNorm();
        assertEquals(norm, parts.squaredGradientNorm(), 1e-5 * norm, "seed " + f.seed);
        Sgd settings = new Sgd(0.1f, 0.9f, 0.01f);
        whole.step(settings, 1);
        parts.step(settings, 1);
        f.assertNear(
            array(whole.dense(f.arena)),
            parts.dense(f.arena),
            Tolerance.gemm(DType.F32, 31, 1),
            "parts");
        // The next gradient starts at 0.
        whole.backward(dy, x, null, 0);
        assertEquals(norm, whole.squaredGradientNorm(), 1e-5 * norm, "seed " + f.seed);
      }
    }
  }

  /** Some steps on data that the number of the step gives. */
  private static void steps(Fixture f, SlopeLinear layer, int from, int to) {
    int m = 33;
    for (int step = from; step < to; step++) {
      Matrix x = cast(f, Initial.normal(f.arena, m, layer.k(), 1, 2L * step), layer.dtype());
      Matrix dy = cast(f, Initial.normal(f.arena, m, layer.n(), 1, 2L * step + 1), layer.dtype());
      layer.backward(dy, x, f.blank(m, layer.k(), layer.dtype()), 0);
      layer.step(AdamW.of(0.05f), 1);
    }
  }

  private static Matrix cast(Fixture f, Matrix from, DType dtype) {
    Matrix to = Matrix.allocate(f.arena, from.rows(), from.cols(), dtype);
    f.session.cast(from, to);
    return to;
  }

  /** All that can be seen of a layer. */
  private static List<Matrix> seen(Fixture f, SlopeLinear layer) {
    Matrix x = cast(f, Initial.normal(f.arena, 3, layer.k(), 1, 7), layer.dtype());
    Matrix dy = cast(f, Initial.normal(f.arena, 3, layer.n(), 1, 8), layer.dtype());
    Matrix y = f.blank(3, layer.n(), layer.dtype());
    Matrix dx = f.blank(3, layer.k(), layer.dtype());
    layer.forward(x, y);
    layer.backward(dy, x, dx, 0);
    layer.discardGradient();
    SlopeLinear.AdapterWeights adapters = adapters(f, layer);
    return List.of(layer.dense(f.arena), y, dx, adapters.l(), adapters.r());
  }

  private static void assertSame(Fixture f, List<Matrix> expected, List<Matrix> actual) {
    for (int i = 0; i < expected.size(); i++) {
      f.assertSame(expected.get(i), actual.get(i), "part " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aRestoredLayerGoesOnBitForBit(String backend) throws Exception {
    SlopeOptions options = new SlopeOptions(Rule.ADAMW, new InitialMask.Random(1), 3, true);
    goesOn(backend, options);
    goesOn(backend, exact(options));
  }

  private void goesOn(String backend, SlopeOptions options) throws Exception {
    int n = 36;
    int k = 68;
    try (Fixture f = new Fixture(backend)) {
      for (DType dtype : Fixture.FLOATS) {
        try (Workspace workspace = workspace(f, dtype, 33, n, k, options, 4);
            SlopeLinear layer = SlopeLinear.of(workspace, f.normal(n, k, dtype), options);
            SlopeLinear other = SlopeLinear.of(workspace, f.normal(n, k, dtype), options)) {
          steps(f, layer, 0, 2);
          layer.attachAdapters(4, 0.1, 9);
          steps(f, layer, 2, 5); // the column mask is two steps old
          Path file = save(folder, layer);
          steps(f, layer, 5, 9);
          steps(f, other, 0, 1);
          try (Safetensors tensors = Safetensors.open(file)) {
            other.restore("w", tensors);
          }
          steps(f, other, 5, 9);
          assertSame(f, seen(f, layer), seen(f, other));
        }
      }
    }
  }

  @Test
  void whatDoesNotFitIsNotRestored() throws Exception {
    SlopeOptions options = SlopeOptions.of(new InitialMask.Random(1));
    try (Fixture f = new Fixture("reference");
        Workspace workspace = workspace(f, DType.F32, 4, 8, 32, options, 2);
        SlopeLinear layer = SlopeLinear.of(workspace, f.normal(8, 16, DType.F32), options);
        SlopeLinear wider = SlopeLinear.of(workspace, f.normal(4, 32, DType.F32), options)) {
      Path without = save(folder, layer);
      layer.attachAdapters(2, 1, 1);
      Path file = save(folder, layer);
      Matrix before = wider.dense(f.arena);
      try (Safetensors tensors = Safetensors.open(file)) {
        refused(
            "from: tensor w.master is F32 [8, 8], must be F32 [4, 16]",
            () -> wider.restore("w", tensors));
        assertNull(wider.adapters(f.arena));
        FormatException missing =
            assertThrows(FormatException.class, () -> wider.restore("v", tensors));
        assertEquals(file + ": has no tensor 'v.master'", missing.getMessage());
      }
      f.assertSame(before, wider.dense(f.arena), "unchanged");
      try (Safetensors tensors = Safetensors.open(without)) {
        assertThrows(FormatException.class, () -> layer.restore("w", tensors));
      }
      layer.backward(f.normal(1, 8, DType.F32), f.normal(1, 16, DType.F32), null, 0);
      assertEquals(
          "there is a gradient, which is not saved: call step or discardGradient first",
          assertThrows(IllegalStateException.class, () -> save(folder, layer)).getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aMaskThatIsNoneIsNotRestored(String backend) throws Exception {
    SlopeOptions options = SlopeOptions.of(new InitialMask.Random(1));
    try (Fixture f = new Fixture(backend);
        Workspace workspace = workspace(f, DType.BF16, 4, 8, 16, options, 2);
        SlopeLinear layer = SlopeLinear.of(workspace, f.normal(8, 16, DType.F32), options)) {
      Path good = save(folder, layer);
      for (String broken : List.of("w.mask", "w.column_mask")) {
        Path file = folder.resolve(broken);
        try (Safetensors tensors = Safetensors.open(good);
            SafetensorsWriter writer = new SafetensorsWriter(file, layer.state("w"), Map.of())) {
          for (Tensor tensor : tensors.tensors()) {
            MemorySegment bytes = f.arena.allocate(tensor.segment().byteSize());
            bytes.copyFrom(tensor.segment());
            writer.write(tensor.name().equals(broken) ? bytes.fill((byte) 0x37) : bytes);
          }
          writer.commit();
        }
        try (Safetensors tensors = Safetensors.open(file)) {
          assertThrows(Sparse24Exception.BadData.class, () -> layer.restore("w", tensors));
        }
      }
      try (Safetensors tensors = Safetensors.open(good)) {
        layer.restore("w", tensors);
      }
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    assumeFalse(Boolean.getBoolean("s24.native.skip"));
    for (DType dtype : Fixture.FLOATS) {
      List<Matrix> expected = List.of();
      try (Fixture one = new Fixture("cpu", SessionOptions.threads(1))) {
        for (int threads : new int[] {1, 2, 5}) {
          try (Fixture f = new Fixture("cpu", SessionOptions.threads(threads))) {
            SlopeOptions options = new SlopeOptions(Rule.ADAMW, new InitialMask.Random(4), 2, true);
            Matrix w = Initial.normal(one.arena, 260, 516, 1, 3);
            try (Workspace workspace = workspace(f, dtype, 33, 260, 516, options, 9);
                SlopeLinear layer = SlopeLinear.of(workspace, w, options)) {
              layer.attachAdapters(9, 0.1, 9);
              steps(f, layer, 0, 3);
              List<Matrix> seen = seen(f, layer);
              if (threads == 1) {
                expected = seen.stream().map(one::copy).toList();
              }
              assertSame(one, expected, seen);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theExportedWeightMultipliesAsTheLayerDoes(String backend) {
    SlopeOptions options = SlopeOptions.of(new InitialMask.Magnitude());
    try (Fixture f = new Fixture(backend)) {
      for (DType dtype : Fixture.FLOATS) {
        try (Workspace workspace = workspace(f, dtype, 33, 36, 68, options, 0);
            SlopeLinear layer = SlopeLinear.of(workspace, f.normal(36, 68, DType.F32), options)) {
          Matrix x = f.normal(33, 68, dtype);
          layer.backward(f.normal(33, 36, dtype), x, null, 0);
          layer.step(AdamW.of(0.1f), 1);
          Matrix y = f.blank(33, 36, dtype);
          Matrix exported = f.blank(33, 36, dtype);
          layer.forward(x, y);
          try (Sparse24Matrix matrix = layer.export()) {
            matrix.multiply(x, exported);
          }
          f.assertSame(y, exported, dtype + " export");
          Compressed24 weight = layer.weight(f.arena);
          Matrix dense = f.blank(36, 68, dtype);
          f.session.decompress24(weight, dense);
          f.assertSame(dense, layer.dense(f.arena), dtype + " dense");
        }
      }
    }
  }

  /** Both ways of the step, and the second and third of forward and backward, on the CPU. */
  @Test
  void stepsAllocateNothing() {
    assumeFalse(Boolean.getBoolean("s24.native.skip"));
    SlopeOptions options = new SlopeOptions(Rule.ADAMW, new InitialMask.Random(1), 2, true);
    allocatesNothing(options);
    allocatesNothing(exact(options));
  }

  private static void allocatesNothing(SlopeOptions options) {
    int m = 64;
    int n = 128;
    int k = 256;
    try (Fixture f = new Fixture("cpu");
        Workspace workspace = workspace(f, DType.BF16, m, n, k, options, 8);
        SlopeLinear layer = SlopeLinear.of(workspace, f.normal(n, k, DType.F32), options)) {
      layer.attachAdapters(8, 0.1, 1);
      Matrix x = f.normal(m, k, DType.BF16);
      Matrix y = f.normal(m, n, DType.BF16);
      Matrix dx = f.normal(m, k, DType.BF16);
      AdamW settings = AdamW.of(1e-3f);
      Runnable step =
          () -> {
            layer.forward(x, y);
            layer.backward(y, x, dx, 0);
            layer.backward(y, x, dx, 1);
            layer.step(settings, 0.5f);
          };
      step.run();
      Memory.assertSteady(step);
    }
  }

  @Test
  void memoryIsCounted() {
    int n = 64;
    int k = 128;
    try (Fixture f = new Fixture("reference")) {
      SlopeOptions options = SlopeOptions.of(new InitialMask.Magnitude());
      try (Workspace workspace =
              Workspace.of(
                  f.session,
                  DType.BF16,
                  8,
                  SlopeLinear.needs(n, k, options, 2),
                  DenseLinear.needs(n, k));
          SlopeLinear layer = SlopeLinear.of(workspace, f.normal(n, k, DType.F32), options);
          DenseLinear dense =
              DenseLinear.of(workspace, f.normal(n, k, DType.F32), Rule.ADAMW, false)) {
        long all = (long) n * k;
        // Packed: half of the values at two bytes and a bit an element; half of F32 numbers.
        MemoryUse expected =
            new MemoryUse(all, all * 9 / 8, all * 9 / 8, all / 4, all * 2, all * 2, all * 4, 0);
        assertEquals(expected, layer.memory());
        assertEquals(10.5, layer.memory().perParameter());
        SlopeOptions apart = exact(options);
        try (Workspace wide = workspace(f, DType.BF16, 8, n, k, apart, 0);
            SlopeLinear other = SlopeLinear.of(wide, f.normal(n, k, DType.F32), apart)) {
          assertEquals(
              new MemoryUse(all, all * 9 / 8, all * 2, all / 8, all * 2, all * 2, all * 4, 0),
              other.memory());
          assertEquals(
              "there is no column mask, as W is not double-pruned",
              assertThrows(IllegalStateException.class, other::extraSparsity).getMessage());
        }
        assertEquals(MemoryUse.dense(n, k, DType.BF16, Rule.ADAMW), dense.memory());
        assertEquals(18, dense.memory().perParameter());
        assertEquals(2 * expected.total(), expected.plus(layer.memory()).total());
        String table = layer.memory().table(dense.memory());
        assertTrue(
            table.endsWith("of dense: 0.58 (SLoPe's paper, whole models: 0.63 to 0.68)\n"), table);
        layer.attachAdapters(2, 1, 1);
        assertEquals(2L * (n + k) * 18, layer.memory().beside());
        refused(
            "dense: is of 1 parameters, must be of the same 8192",
            () -> expected.table(MemoryUse.dense(1, 1, DType.F32, Rule.SGD)));
      }
    }
  }

  @Test
  void wrongArgumentsAreRefused() {
    SlopeOptions options = SlopeOptions.of(new InitialMask.Magnitude());
    refused(
        "columnPeriod: is -1, must be at least 0",
        () -> new SlopeOptions(Rule.SGD, new InitialMask.Magnitude(), -1, false));
    try (Fixture f = new Fixture("reference");
        Workspace workspace = workspace(f, DType.BF16, 4, 8, 16, options, 2)) {
      refused(
          "dtype: is I8, must be F32, BF16 or F16",
          () -> Workspace.of(f.session, DType.I8, 1).close());
      refused(
          "tokens: is 0, must be between 1 and 2^40",
          () -> Workspace.of(f.session, DType.F32, 0).close());
      refused("rank: is -1, must be at least 0", () -> SlopeLinear.needs(8, 16, options, -1));
      refused(
          "w: n: is 6, must be a multiple of 4",
          () -> SlopeLinear.of(workspace, f.normal(6, 16, DType.F32), options).close());
      refused(
          "w: k: is 18, must be a multiple of 4",
          () -> SlopeLinear.of(workspace, f.normal(8, 18, DType.F32), options).close());
      Matrix w = f.normal(8, 16, DType.F32);
      w.set(1, 2, Float.NaN);
      assertThrows(
          Sparse24Exception.BadData.class, () -> SlopeLinear.of(workspace, w, options).close());
      w.set(1, 2, 0);
      try (Workspace small = Workspace.of(f.session, DType.BF16, 4, (dtype, m) -> 64)) {
        refused(
            "workspace: has 64 bytes, this layer needs 256; make it with the layer's needs",
            () -> SlopeLinear.of(small, w, options).close());
      }
      try (SlopeLinear layer = SlopeLinear.of(workspace, w, options)) {
        wrongCalls(f, layer);
      }
    }
  }

  private static void wrongCalls(Fixture f, SlopeLinear layer) {
    Matrix x = f.normal(4, 16, DType.BF16);
    Matrix dy = f.normal(4, 8, DType.BF16);
    Optimizer settings = AdamW.of(1);
    refused("x: is 4 x 8 BF16, must be 4 x 16 BF16", () -> layer.forward(dy, f.copy(dy)));
    refused(
        "x: is 4 x 16 F32, must be 4 x 16 BF16",
        () -> layer.forward(f.normal(4, 16, DType.F32), dy));
    refused("y: is 4 x 16 BF16, must be 4 x 8 BF16", () -> layer.forward(x, f.copy(x)));
    refused("dy: is 4 x 16 BF16, must be 4 x 8 BF16", () -> layer.backward(f.copy(x), x, null, 0));
    refused("dx: is 4 x 8 BF16, must be 4 x 16 BF16", () -> layer.backward(dy, x, f.copy(dy), 0));
    refused("beta: is NaN, must be finite", () -> layer.backward(dy, x, f.copy(x), Float.NaN));
    String none = "there is no gradient: call backward first";
    assertEquals(
        none,
        assertThrows(IllegalStateException.class, () -> layer.step(settings, 1)).getMessage());
    assertEquals(
        none, assertThrows(IllegalStateException.class, layer::squaredGradientNorm).getMessage());
    layer.backward(dy, x, null, 0);
    refused(
        "settings: are of SGD, the layer has the states of ADAMW",
        () -> layer.step(new Sgd(1, 0, 0), 1));
    refused("gradScale: is 0.0, must be finite and greater than 0", () -> layer.step(settings, 0));
    assertThrows(IllegalStateException.class, () -> layer.attachAdapters(2, 1, 1));
    layer.discardGradient();
    refused("rank: is 0, must be between 1 and 2^40", () -> layer.attachAdapters(0, 1, 1));
    refused("deviation: is NaN, must be finite", () -> layer.attachAdapters(2, Double.NaN, 1));
    IllegalArgumentException tooLarge =
        assertThrows(IllegalArgumentException.class, () -> layer.attachAdapters(99, 1, 1));
    assertTrue(String.valueOf(tooLarge.getMessage()).startsWith("workspace: has "));
    layer.attachAdapters(2, 1, 1);
    refused(
        "x: has 5 rows, the workspace is for at most 4",
        () -> layer.forward(f.normal(5, 16, DType.BF16), f.normal(5, 8, DType.BF16)));
  }
}
