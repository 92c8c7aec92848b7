package io.sparse24.train;

import static io.sparse24.train.Fixture.array;
import static io.sparse24.train.Fixture.columnMask;
import static io.sparse24.train.Fixture.deviation;
import static io.sparse24.train.Fixture.masked;
import static io.sparse24.train.Fixture.master;
import static io.sparse24.train.Fixture.nonZero;
import static io.sparse24.train.Fixture.product;
import static io.sparse24.train.Fixture.refused;
import static io.sparse24.train.Fixture.save;
import static io.sparse24.train.Fixture.squaredNorm;
import static io.sparse24.train.Fixture.sum;
import static io.sparse24.train.Fixture.transpose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.Pattern;
import io.sparse24.api.AdamW;
import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Sgd;
import io.sparse24.api.reference.Tolerance;
import io.sparse24.format.Safetensors;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Other patterns than 2:4, and SR-STE, against the definitions in plain Java. */
final class MaskedLinearTest {
  private static final List<Pattern> PATTERNS =
      List.of(
          new Pattern(1, 2), Pattern.P2_4, new Pattern(2, 8), new Pattern(4, 8), new Pattern(1, 3));

  @TempDir Path folder;

  static Stream<String> backends() {
    return Fixture.backends();
  }

  private static Workspace workspace(Fixture f, DType dtype, long m, long n, long k) {
    return Workspace.of(f.session, dtype, m, MaskedLinear.needs(n, k));
  }

  private static boolean[][] rowMask(double[][] w, Pattern pattern) {
    return transpose(columnMask(transpose(w), pattern.keep(), pattern.of()));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void fixedMasksAreSlopesDefinition(String backend) throws Exception {
    int m = 31;
    int n = 48;
    int k = 72;
    try (Fixture f = new Fixture(backend)) {
      for (Pattern pattern : PATTERNS) {
        for (DType dtype : Fixture.FLOATS) {
          for (InitialMask initial :
              List.of(new InitialMask.Magnitude(), new InitialMask.Random(3))) {
            fixed(f, m, n, k, dtype, pattern, new Masking.Fixed(initial, 1));
            fixed(f, m, n, k, dtype, pattern, new Masking.Fixed(initial, 1, false));
          }
        }
      }
    }
  }

  private void fixed(
      Fixture f, int m, int n, int k, DType dtype, Pattern pattern, Masking.Fixed masking)
      throws Exception {
    InitialMask initial = masking.mask();
    String what = pattern + " " + dtype + " " + masking;
    Matrix w = f.normal(n, k, dtype);
    Matrix x = f.normal(m, k, dtype);
    Matrix dy = f.normal(m, n, dtype);
    Matrix y = f.blank(m, n, dtype);
    Matrix dx = f.blank(m, k, dtype);
    try (Workspace workspace = workspace(f, dtype, m, n, k);
        MaskedLinear layer = MaskedLinear.of(workspace, w, pattern, masking, Rule.ADAMW, false)) {
      double[][] wr = array(layer.dense(f.arena));
      boolean[][] mask = nonZero(wr);
      assertTrue(deviation(wr, masked(array(w), mask)) == 0, what);
      if (initial instanceof InitialMask.Magnitude) {
        assertArrayEquals(rowMask(array(w), pattern), mask, what);
      }
      assertGroups(mask, pattern, what);
      layer.forward(x, y);
      f.assertNear(product(array(x), transpose(wr)), y, Tolerance.gemm(dtype, k, 1), what + " Y");
      layer.backward(dy, x, dx, 0);
      double[][] wrc =
          masking.doublePrune() ? masked(wr, columnMask(wr, pattern.keep(), pattern.of())) : wr;
      f.assertNear(product(array(dy), wrc), dx, Tolerance.gemm(dtype, n, 1), what + " dX");
      double norm = squaredNorm(masked(product(transpose(array(dy)), array(x)), mask));
      assertEquals(norm, layer.squaredGradientNorm(), 0x1p-6 * norm, what + ", seed " + f.seed);
      if (masking.doublePrune()) {
        ExtraSparsity extra = layer.extraSparsity();
        assertEquals(ExtraSparsity.expected(pattern), extra.expected());
        assertEquals(extra.expected(), extra.measured(), 0.04, what + ", seed " + f.seed);
      }
      // An epsilon of 0 divides 0 by 0 where nothing is kept.
      layer.step(new AdamW(0.1f, 0.9f, 0.999f, 0, 0.01f), 1);
      assertArrayEquals(mask, nonZero(array(layer.dense(f.arena))), what);
      assertArrayEquals(mask, nonZero(master(folder, layer)), what);
    }
  }

  private static void assertGroups(boolean[][] mask, Pattern pattern, String what) {
    for (boolean[] row : mask) {
      for (int g = 0; g < row.length; g += pattern.of()) {
        int kept = 0;
        for (int t = 0; t < pattern.of(); t++) {
          kept += row[g + t] ? 1 : 0;
        }
        assertEquals(pattern.keep(), kept, what);
      }
    }
  }

  @Test
  void randomMasksTakeEachChoiceAlike() {
    try (Fixture f = new Fixture("reference")) {
      Mask mask = Mask.allocate(f.arena, 100, 400);
      new InitialMask.Random(f.seed).write(Pattern.P2_4, mask);
      int[] count = new int[16];
      for (int i = 0; i < 100; i++) {
        for (int g = 0; g < 400; g += 4) {
          int bits = 0;
          for (int t = 0; t < 4; t++) {
            bits |= mask.get(i, g + t) ? 1 << t : 0;
          }
          count[bits]++;
        }
      }
      for (int bits = 0; bits < 16; bits++) {
        // 10000 groups, 6 choices: 1667 each, of deviation 37.
        double expected = Integer.bitCount(bits) == 2 ? 10000 / 6.0 : 0;
        assertEquals(expected, count[bits], expected == 0 ? 0 : 6 * 37.3, "seed " + f.seed);
      }
    }
  }

  /** Two ways to the same training: packed, and dense with zeros. */
  @Test
  void twoOfFourIsWhatTheSparseLayerDoes() {
    int m = 17;
    int n = 24;
    int k = 36;
    SlopeOptions options = new SlopeOptions(Rule.ADAMW, new InitialMask.Random(8), 2, true);
    try (Fixture f = new Fixture("reference");
        Workspace workspace =
            Workspace.of(
                f.session,
                DType.F32,
                m,
                SlopeLinear.needs(n, k, options, 0),
                MaskedLinear.needs(n, k))) {
      Matrix w = f.normal(n, k, DType.F32);
      Masking masking = new Masking.Fixed(options.mask(), options.columnPeriod());
      try (SlopeLinear sparse = SlopeLinear.of(workspace, w, options);
          MaskedLinear dense =
              MaskedLinear.of(workspace, w, Pattern.P2_4, masking, Rule.ADAMW, true)) {
        for (int step = 0; step < 5; step++) {
          Matrix x = f.normal(m, k, DType.F32);
          Matrix dy = f.normal(m, n, DType.F32);
          Matrix expected = f.blank(m, k, DType.F32);
          Matrix dx = f.blank(m, k, DType.F32);
          sparse.backward(dy, x, expected, 0);
          dense.backward(dy, x, dx, 0);
          f.assertSame(expected, dx, "dX of step " + step);
          sparse.step(AdamW.of(0.1f), 1);
          dense.step(AdamW.of(0.1f), 1);
          f.assertSame(sparse.dense(f.arena), dense.dense(f.arena), "W of step " + step);
          assertEquals(sparse.extraSparsity(), dense.extraSparsity());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void reselectedMasksAreSrSte(String backend) throws Exception {
    int m = 17;
    int n = 7; // nothing is pruned along n
    int k = 36;
    int period = 2;
    float decay = 0.125f;
    float lr = 0.25f;
    Pattern pattern = Pattern.P2_4;
    try (Fixture f = new Fixture(backend);
        Workspace workspace = workspace(f, DType.F32, m, n, k);
        MaskedLinear layer =
            MaskedLinear.of(
                workspace,
                f.normal(n, k, DType.F32),
                pattern,
                new Masking.Reselected(period, decay),
                Rule.SGD,
                false)) {
      boolean[][] mask = rowMask(master(folder, layer), pattern);
      int changes = 0;
      for (int step = 1; step <= 6; step++) {
        double[][] w = master(folder, layer);
        Matrix x = f.normal(m, k, DType.F32);
        Matrix dy = f.normal(m, n, DType.F32);
        Matrix y = f.blank(m, n, DType.F32);
        Matrix dx = f.blank(m, k, DType.F32);
        layer.forward(x, y);
        Tolerance near = Tolerance.gemm(DType.F32, k, 4);
        f.assertNear(product(array(x), transpose(masked(w, mask))), y, near, "Y");
        layer.backward(dy, x, dx, 0);
        f.assertNear(product(array(dy), masked(w, mask)), dx, near, "exact dX");
        double[][] g = product(transpose(array(dy)), array(x));
        double norm = squaredNorm(g);
        assertEquals(norm, layer.squaredGradientNorm(), 1e-5 * norm, "of all elements");
        layer.step(new Sgd(lr, 0, 0), 0.5f);
        double[][] expected = sum(w, -lr * 0.5, g);
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < k; j++) {
            expected[i][j] -= mask[i][j] ? 0 : lr * decay * w[i][j];
          }
        }
        f.assertNear(expected, master(folder, layer), Tolerance.gemm(DType.F32, m, 4), "W");
        boolean[][] next = rowMask(master(folder, layer), pattern);
        if (step % period == 0) {
          for (int i = 0; i < n; i++) {
            for (int j = 0; j < k; j++) {
              changes += mask[i][j] != next[i][j] ? 1 : 0;
            }
          }
          mask = next;
        }
        Mask is = layer.mask(f.arena);
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < k; j++) {
            assertEquals(mask[i][j], is.get(i, j), "step " + step + ", seed " + f.seed);
          }
        }
      }
      assertTrue(changes > 0, "steps of this size change masks, seed " + f.seed);
      assertThrows(IllegalStateException.class, layer::extraSparsity);
    }
  }

  /** The decay alone draws to 0 what is not kept, and leaves the rest. */
  @Test
  void decayMovesOnlyWhatIsNotKept() throws Exception {
    try (Fixture f = new Fixture("reference");
        Workspace workspace = workspace(f, DType.BF16, 1, 4, 8);
        MaskedLinear layer =
            MaskedLinear.of(
                workspace,
                f.normal(4, 8, DType.F32),
                Pattern.P2_4,
                new Masking.Reselected(1, 0.5f),
                Rule.SGD,
                false)) {
      double[][] w = master(folder, layer);
      boolean[][] mask = rowMask(w, Pattern.P2_4);
      Matrix zero = Matrix.allocate(f.arena, 1, 4, DType.BF16);
      layer.backward(zero, f.normal(1, 8, DType.BF16), null, 0);
      layer.step(new Sgd(1, 0, 0), 1);
      double[][] after = master(folder, layer);
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 8; j++) {
          assertEquals((mask[i][j] ? 1 : 0.5) * w[i][j], after[i][j], "seed " + f.seed);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aRestoredLayerGoesOnBitForBit(String backend) throws Exception {
    List<Masking> maskings =
        List.of(
            new Masking.Fixed(new InitialMask.Random(1), 3),
            new Masking.Reselected(3, Masking.Reselected.DECAY));
    try (Fixture f = new Fixture(backend)) {
      for (Masking masking : maskings) {
        try (Workspace workspace = workspace(f, DType.BF16, 17, 24, 32);
            MaskedLinear layer = twoOfEight(f, workspace, masking);
            MaskedLinear other = twoOfEight(f, workspace, masking)) {
          Matrix x = f.normal(17, 32, DType.BF16);
          Matrix dy = f.normal(17, 24, DType.BF16);
          steps(layer, x, dy, 2);
          Path file = save(folder, layer);
          try (Safetensors tensors = Safetensors.open(file)) {
            other.restore("w", tensors);
          }
          steps(layer, x, dy, 3);
          steps(other, x, dy, 3);
          Matrix expected = f.blank(17, 32, DType.BF16);
          Matrix dx = f.blank(17, 32, DType.BF16);
          layer.backward(dy, x, expected, 0);
          other.backward(dy, x, dx, 0);
          f.assertSame(expected, dx, masking + " dX");
          f.assertSame(layer.dense(f.arena), other.dense(f.arena), masking + " W");
        }
      }
    }
  }

  private static MaskedLinear twoOfEight(Fixture f, Workspace workspace, Masking masking) {
    return MaskedLinear.of(
        workspace, f.normal(24, 32, DType.F32), new Pattern(2, 8), masking, Rule.ADAMW, true);
  }

  private static void steps(MaskedLinear layer, Matrix x, Matrix dy, int count) {
    for (int i = 0; i < count; i++) {
      layer.backward(dy, x, null, 0);
      layer.step(AdamW.of(0.1f), 1);
    }
  }

  @Test
  void wrongArgumentsAreRefused() {
    refused("period: is 0, must be at least 1", () -> new Masking.Reselected(0, 0));
    refused("decay: is -1.0, must be finite and at least 0", () -> new Masking.Reselected(1, -1));
    refused(
        "columnPeriod: is -1, must be at least 0",
        () -> new Masking.Fixed(new InitialMask.Magnitude(), -1));
    try (Fixture f = new Fixture("reference");
        Workspace workspace = workspace(f, DType.F32, 4, 6, 8)) {
      Masking fixed = new Masking.Fixed(new InitialMask.Magnitude(), 1);
      refused(
          "w: n: is 6, must be a multiple of 4",
          () ->
              MaskedLinear.of(
                      workspace, f.normal(6, 8, DType.F32), Pattern.P2_4, fixed, Rule.SGD, false)
                  .close());
      refused(
          "w: k: is 6, must be a multiple of 4",
          () ->
              MaskedLinear.of(
                      workspace, f.normal(8, 6, DType.F32), Pattern.P2_4, fixed, Rule.SGD, false)
                  .close());
    }
  }
}
