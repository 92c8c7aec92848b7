package io.sparse24;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Activation;
import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.reference.Tolerance;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Scores, norms, pruners and Sparse24Matrix against definitions written out here. */
final class PrunerTest {
  private static final List<DType> FLOATS = List.of(DType.F32, DType.BF16, DType.F16);

  private final Arena arena = Arena.ofAuto();
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  static Stream<String> backends() {
    return Stream.of("reference", "cpu")
        .filter(name -> !(name.equals("cpu") && Boolean.getBoolean("s24.native.skip")));
  }

  private static Score score(String name) {
    return (Score) PruningMethods.named(name);
  }

  private Matrix normal(long rows, long cols, DType dtype) {
    Matrix matrix = Matrix.allocate(arena, rows, cols, dtype);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < cols; j++) {
        matrix.set(i, j, (float) random.nextGaussian());
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void multiplyIsTheDenseProductOfTheKeptWeights(String backend) {
    try (Session session = Backends.open(backend)) {
      for (DType dtype : FLOATS) {
        Matrix w = normal(33, 68, dtype);
        Matrix x = normal(5, 68, dtype);
        Matrix bias = normal(1, 33, DType.F32);
        Matrix y = Matrix.allocate(arena, 5, 33, dtype);
        try (Sparse24Matrix sparse = Pruner.magnitude().prune(session, w)) {
          sparse.multiply(x, null, y, Epilogue.of(bias, Activation.RELU));
          assertEquals(33, sparse.n());
          assertEquals(68, sparse.k());
          assertTrue(sparse.byteSize() > 0);
        }
        Tolerance tolerance = Tolerance.gemm(dtype, 68, 1);
        for (int i = 0; i < 5; i++) {
          for (int j = 0; j < 33; j++) {
            double sum = bias.get(0, j);
            for (int g = 0; g < 68; g += 4) {
              for (int t = 0; t < 4; t++) {
                if (kept(w, null, j, g, t)) {
                  sum += (double) w.get(j, g + t) * x.get(i, g + t);
                }
              }
            }
            assertTrue(
                tolerance.accepts(Math.max(sum, 0), y.get(i, j)),
                dtype + " seed " + seed + ": " + sum + " vs " + y.get(i, j));
          }
        }
      }
    }
  }

  /** The definition: among the two highest of its group, the lower index on a tie. */
  private static boolean kept(Matrix w, @Nullable Matrix norms, long row, long group, int t) {
    int before = 0;
    for (int u = 0; u < 4; u++) {
      double a = Math.abs(w.get(row, group + u)) * (norms == null ? 1 : norms.get(0, group + u));
      double b = Math.abs(w.get(row, group + t)) * (norms == null ? 1 : norms.get(0, group + t));
      if (u != t && (a > b || (a == b && u < t))) {
        before++;
      }
    }
    return before < 2;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void wandaKeepsByMagnitudeTimesInputNorm(String backend) {
    try (Session session = Backends.open(backend)) {
      Matrix w = normal(17, 64, DType.F32);
      Matrix norms = Matrix.allocate(arena, 1, 64, DType.F32);
      for (int j = 0; j < 64; j++) {
        // Powers of two: products and squares are exact, so the order is too.
        norms.set(0, j, (float) Math.scalb(1.0, random.nextInt(9) - 4));
      }
      Compressed24 out = Compressed24.allocate(arena, 17, 64, DType.F32);
      try (ColumnNorms known = ColumnNorms.ofNorms(session, norms)) {
        Pruner.wanda(known).prune(session, w, out);
      }
      for (int i = 0; i < 17; i++) {
        for (int g = 0; g < 64; g += 4) {
          for (int t = 0; t < 4; t++) {
            assertEquals(kept(w, norms, i, g, t), out.mask().get(i, g + t), "seed " + seed);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void normsAreTheRunningMeanOverSequences(String backend) {
    try (Session session = Backends.open(backend);
        ColumnNorms norms = new ColumnNorms(session, 7)) {
      double[] sums = new double[7];
      int[] batches = {1, 3, 2};
      for (int batch : batches) {
        Matrix x = normal(batch * 5L, 7, DType.F32);
        norms.add(x, batch);
        for (int i = 0; i < x.rows(); i++) {
          for (int j = 0; j < 7; j++) {
            sums[j] += (double) x.get(i, j) * x.get(i, j);
          }
        }
      }
      assertEquals(6, norms.sequences());
      for (int j = 0; j < 7; j++) {
        assertEquals(sums[j] / 6, norms.squared().get(0, j), 1e-5 * sums[j], "seed " + seed);
      }
      assertThrows(IllegalArgumentException.class, () -> norms.add(normal(1, 7, DType.F32), 0));
      assertThrows(IllegalArgumentException.class, () -> norms.add(normal(1, 8, DType.F32), 1));
    }
  }

  /** A score without a fused kernel: keeps what a fused one would drop. */
  private record SmallestFirst() implements Score {
    @Override
    public String name() {
      return "smallest";
    }

    @Override
    public boolean needsNorms() {
      return false;
    }

    @Override
    public void compute(Session session, Matrix w, Evidence evidence, Matrix out) {
      session.score(w, io.sparse24.api.ScoreKind.MAGNITUDE, null, out);
      for (long i = 0; i < out.rows(); i++) {
        for (long j = 0; j < out.cols(); j++) {
          out.set(i, j, 1 / (1 + out.get(i, j)));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anyScoreCanSelect(String backend) {
    try (Session session = Backends.open(backend)) {
      Matrix w = normal(3, 16, DType.F32);
      Compressed24 largest = Compressed24.allocate(arena, 3, 16, DType.F32);
      Compressed24 smallest = Compressed24.allocate(arena, 3, 16, DType.F32);
      Pruner.magnitude().prune(session, w, largest);
      Pruner.of(new SmallestFirst(), Pruner.Inputs.NONE).prune(session, w, smallest);
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 16; j++) {
          assertEquals(!largest.mask().get(i, j), smallest.mask().get(i, j), "seed " + seed);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anyPatternPrunesDenseAlsoInPlaceAndStrided(String backend) {
    try (Session session = Backends.open(backend)) {
      for (Pattern pattern :
          new Pattern[] {new Pattern(1, 2), new Pattern(4, 8), new Pattern(3, 5)}) {
        long k = pattern.of() * 6L;
        HostBuffer buffer = HostBuffer.allocate(arena, 4 * (k + 3) * 4);
        Matrix w = Matrix.of(buffer, 0, 4, k, k + 3, DType.F32);
        for (long i = 0; i < 4; i++) {
          for (long j = 0; j < k; j++) {
            w.set(i, j, (float) random.nextGaussian());
          }
        }
        Matrix out = Matrix.allocate(arena, 4, k, DType.F32);
        Pruner.magnitude().pruneDense(session, w, pattern, out);
        for (long i = 0; i < 4; i++) {
          for (long g = 0; g < k; g += pattern.of()) {
            int kept = 0;
            for (int t = 0; t < pattern.of(); t++) {
              float v = out.get(i, g + t);
              assertTrue(v == 0 || v == w.get(i, g + t));
              kept += v == 0 ? 0 : 1;
            }
            assertEquals(pattern.keep(), kept, "seed " + seed);
          }
        }
        Pruner.magnitude().pruneDense(session, w, pattern, w);
        for (long i = 0; i < 4; i++) {
          for (long j = 0; j < k; j++) {
            assertEquals(out.get(i, j), w.get(i, j));
          }
        }
      }
    }
  }

  /** The formula, with rows, columns and inputs that do not weigh the same, one column nothing. */
  @ParameterizedTest
  @MethodSource("backends")
  void riaIsRelativeToItsRowAndItsColumn(String backend) {
    int n = 7;
    int k = 12;
    try (Session session = Backends.open(backend)) {
      for (DType dtype : FLOATS) {
        Matrix w = normal(n, k, dtype);
        double[] columns = new double[k];
        double[] rows = new double[n];
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < k; j++) {
            w.set(i, j, j == 3 ? 0 : w.get(i, j) * (1 + i) * (1 + j % 5));
            columns[j] += Math.abs(w.get(i, j));
            rows[i] += Math.abs(w.get(i, j));
          }
        }
        Matrix norms = Matrix.allocate(arena, 1, k, DType.F32);
        for (int j = 0; j < k; j++) {
          norms.set(0, j, (float) Math.exp(random.nextGaussian()));
        }
        Matrix scores = Matrix.allocate(arena, n, k, DType.F32);
        try (ColumnNorms given = ColumnNorms.ofNorms(session, norms);
            Scratch scratch = session.scratch()) {
          Matrix out = scratch.matrix(n, k, DType.F32);
          score("ria")
              .compute(session, scratch.upload(w), new Evidence(given.squared(), null), out);
          scratch.download(out, scores);
        }
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < k; j++) {
            double size = Math.abs(w.get(i, j));
            double expected =
                j == 3 ? 0 : (size / columns[j] + size / rows[i]) * Math.sqrt(norms.get(0, j));
            assertEquals(expected, scores.get(i, j), 1e-5 * expected, "seed " + seed);
          }
        }
      }
    }
  }

  /** Scores that one pass selects and compresses by, beside the scores on their own. */
  @ParameterizedTest
  @MethodSource("backends")
  void onePassPrunesAsScoresAndSelectionDo(String backend) {
    int n = 9;
    int k = 132;
    try (Session session = Backends.open(backend)) {
      for (DType dtype : FLOATS) {
        Matrix w = normal(n, k, dtype);
        Matrix norms = Matrix.allocate(arena, 1, k, DType.F32);
        Matrix gradient = Matrix.allocate(arena, n, k, DType.F32);
        for (int j = 0; j < k; j++) {
          norms.set(0, j, (float) Math.exp(random.nextGaussian()));
          for (int i = 0; i < n; i++) {
            gradient.set(i, j, (float) Math.exp(random.nextGaussian() - 4));
          }
        }
        for (String name : List.of("magnitude", "wanda", "ria", "gblm", "pruner-zero")) {
          try (ColumnNorms given = ColumnNorms.ofNorms(session, norms);
              Scratch scratch = session.scratch()) {
            Matrix weight = scratch.upload(w);
            Evidence evidence = new Evidence(given.squared(), scratch.upload(gradient));
            Matrix scores = scratch.matrix(n, k, DType.F32);
            score(name).compute(session, weight, evidence, scores);
            Compressed24 apart = scratch.compressed(n, k, dtype);
            session.select(scores, 2, 4, apart.mask());
            session.gather24(weight, apart);
            Compressed24 once = scratch.compressed(n, k, dtype);
            score(name).prune24(session, weight, evidence, once);
            Compressed24 expected = Compressed24.allocate(arena, n, k, dtype);
            Compressed24 actual = Compressed24.allocate(arena, n, k, dtype);
            scratch.download(apart, expected);
            scratch.download(once, actual);
            session.synchronize();
            assertEquals(-1, expected.mask().segment().mismatch(actual.mask().segment()), name);
            assertEquals(-1, expected.values().segment().mismatch(actual.values().segment()), name);
          }
        }
      }
    }
  }

  /** A weight without elements has no sums and no range. */
  @ParameterizedTest
  @MethodSource("backends")
  void anEmptyWeightHasNoFactors(String backend) {
    try (Session session = Backends.open(backend);
        ColumnNorms norms = ColumnNorms.ofNorms(session, Matrix.allocate(arena, 1, 8, DType.F32))) {
      Compressed24 out = Compressed24.allocate(arena, 0, 8, DType.F32);
      Pruner.of(PruningMethods.named("ria"), Pruner.Inputs.of(norms))
          .prune(session, Matrix.allocate(arena, 0, 8, DType.F32), out);
      assertEquals(0, out.n());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anExpertsInputsCountAsItsRouterWeighsThem(String backend) {
    int n = 5;
    int k = 12;
    int tokens = 9;
    try (Session session = Backends.open(backend)) {
      for (DType dtype : FLOATS) {
        Matrix w = normal(n, k, dtype);
        Matrix x = normal(tokens, k, dtype);
        float[] router = new float[tokens];
        double[] squares = new double[k];
        for (int i = 0; i < tokens; i++) {
          router[i] = i % 3 == 0 ? 0 : random.nextFloat();
          for (int j = 0; j < k; j++) {
            squares[j] += Math.pow((double) router[i] * x.get(i, j), 2);
          }
        }
        Matrix scores = Matrix.allocate(arena, n, k, DType.F32);
        try (ColumnNorms norms = new ColumnNorms(session, k);
            Scratch scratch = session.scratch()) {
          norms.addRouted(x, router, 1);
          Matrix out = scratch.matrix(n, k, DType.F32);
          score("moe-pruner")
              .compute(session, scratch.upload(w), new Evidence(norms.squared(), null), out);
          scratch.download(out, scores);
          IllegalArgumentException e =
              assertThrows(
                  IllegalArgumentException.class, () -> norms.addRouted(x, new float[3], 1));
          assertEquals(
              "router: has 3 weights, must have one for each of x's rows, 9", e.getMessage());
        }
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < k; j++) {
            double expected = Math.abs(w.get(i, j)) * Math.sqrt(squares[j]);
            assertEquals(expected, scores.get(i, j), 1e-5 * expected, "seed " + seed);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void gradientsWeighAsTheirFormulasSay(String backend) {
    int n = 6;
    int k = 8;
    try (Session session = Backends.open(backend)) {
      for (DType dtype : FLOATS) {
        Matrix w = normal(n, k, dtype);
        Matrix gradient = Matrix.allocate(arena, n, k, DType.F32);
        float least = Float.MAX_VALUE;
        float most = 0;
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < k; j++) {
            gradient.set(i, j, (float) Math.exp(random.nextGaussian() - 4));
            least = Math.min(least, gradient.get(i, j));
            most = Math.max(most, gradient.get(i, j));
          }
        }
        Matrix norms = Matrix.allocate(arena, 1, k, DType.F32);
        for (int j = 0; j < k; j++) {
          norms.set(0, j, (float) Math.exp(random.nextGaussian()));
        }
        Matrix gblm = Matrix.allocate(arena, n, k, DType.F32);
        Matrix zero = Matrix.allocate(arena, n, k, DType.F32);
        try (ColumnNorms given = ColumnNorms.ofNorms(session, norms);
            Scratch scratch = session.scratch()) {
          Matrix out = scratch.matrix(n, k, DType.F32);
          Evidence evidence = new Evidence(given.squared(), scratch.upload(gradient));
          score("gblm").compute(session, scratch.upload(w), evidence, out);
          scratch.download(out, gblm);
          score("pruner-zero").compute(session, scratch.upload(w), evidence, out);
          scratch.download(out, zero);
        }
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < k; j++) {
            double size = Math.abs(w.get(i, j));
            double g = gradient.get(i, j);
            double both = size * norms.get(0, j) + size * 100 * g;
            assertEquals(both, gblm.get(i, j), 1e-5 * both, "seed " + seed);
            double scaled = size * size * (g - least) / (most - least);
            assertEquals(scaled, zero.get(i, j), 1e-5 * scaled, "seed " + seed);
          }
        }
        Compressed24 pruned = Compressed24.allocate(arena, n, k, dtype);
        Pruner.of(PruningMethods.named("pruner-zero"), new Pruner.Inputs(null, gradient, null))
            .prune(session, w, pruned);
        for (int i = 0; i < n; i++) {
          for (int group = 0; group < k; group += 4) {
            double kept = Double.MAX_VALUE;
            double dropped = 0;
            for (int j = group; j < group + 4; j++) {
              if (pruned.mask().get(i, j)) {
                kept = Math.min(kept, zero.get(i, j));
              } else {
                dropped = Math.max(dropped, zero.get(i, j));
              }
            }
            assertTrue(kept >= dropped, "seed " + seed);
          }
        }
      }
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Pruner.of(PruningMethods.named("pruner-zero"), Pruner.Inputs.NONE));
      assertTrue(String.valueOf(e.getMessage()).contains("gradient: is null"), e.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void chanceIsTheSameEachTimeAndFavoursNoPlace(String backend) {
    try (Session session = Backends.open(backend)) {
      Matrix w = normal(64, 64, DType.F32);
      Compressed24 one = Compressed24.allocate(arena, 64, 64, DType.F32);
      Compressed24 other = Compressed24.allocate(arena, 64, 64, DType.F32);
      Pruner.of(PruningMethods.named("random"), Pruner.Inputs.NONE).prune(session, w, one);
      Pruner.of(PruningMethods.named("random"), Pruner.Inputs.NONE).prune(session, w, other);
      assertEquals(-1, one.mask().segment().mismatch(other.mask().segment()));
      int[] kept = new int[4];
      for (int i = 0; i < 64; i++) {
        for (int j = 0; j < 64; j++) {
          kept[j % 4] += one.mask().get(i, j) ? 1 : 0;
        }
      }
      for (int place = 0; place < 4; place++) {
        assertEquals(512, kept[place], 80); // five standard deviations
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void unpackGivesTheCanonicalFormBack(String backend) {
    try (Session session = Backends.open(backend)) {
      for (DType dtype : FLOATS) {
        Matrix w = normal(9, 36, dtype);
        Compressed24 canonical = Compressed24.allocate(arena, 9, 36, dtype);
        Pruner.magnitude().prune(session, w, canonical);
        Compressed24 back = Compressed24.allocate(arena, 9, 36, dtype);
        try (Sparse24Matrix sparse = Sparse24Matrix.of(session, canonical)) {
          sparse.unpack(back);
        }
        assertEquals(-1, canonical.values().segment().mismatch(back.values().segment()));
        assertEquals(-1, canonical.mask().segment().mismatch(back.mask().segment()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  @SuppressWarnings("MustBeClosedChecker") // closed early on purpose
  void quantizedWeightsKeepTheirOwnScales(String backend) {
    try (Session session = Backends.open(backend)) {
      for (DType dtype : new DType[] {DType.I8, DType.F8_E4M3}) {
        Compressed24 exact = Compressed24.allocate(arena, 9, 36, DType.F32);
        Pruner.magnitude().prune(session, normal(9, 36, DType.F32), exact);
        Matrix x = normal(2, 36, DType.F32);
        Matrix y = Matrix.allocate(arena, 2, 9, DType.F32);
        Compressed24 back = Compressed24.allocate(arena, 9, 36, dtype);
        Compressed24 expected = Compressed24.allocate(arena, 9, 36, dtype);
        expected.mask().segment().copyFrom(exact.mask().segment());
        session.quantize(exact.values(), expected.values());
        Arena shorter = Arena.ofConfined();
        Matrix values = Matrix.allocate(shorter, 9, 18, dtype);
        session.quantize(exact.values(), values);
        try (Sparse24Matrix sparse =
            Sparse24Matrix.of(session, new Compressed24(values, exact.mask()))) {
          shorter.close();
          sparse.multiply(x, y);
          sparse.unpack(back);
        }
        Matrix scales = Objects.requireNonNull(back.values().rowScales());
        assertEquals(-1, expected.values().segment().mismatch(back.values().segment()));
        assertEquals(-1, expected.mask().segment().mismatch(back.mask().segment()));
        assertEquals(
            -1,
            Objects.requireNonNull(expected.values().rowScales())
                .segment()
                .mismatch(scales.segment()));
        for (int j = 0; j < 9; j++) {
          double sum = 0;
          int slot = 0;
          for (int column = 0; column < 36; column++) {
            if (back.mask().get(j, column)) {
              sum += (double) back.values().get(j, slot++) * scales.get(0, j) * x.get(1, column);
            }
          }
          assertTrue(Tolerance.gemm(DType.F32, 44, 1).accepts(sum, y.get(1, j)), "seed " + seed);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void whatIsNot24IsRefusedWithItsPlace(String backend) {
    try (Session session = Backends.open(backend)) {
      Matrix w = Matrix.allocate(arena, 2, 8, DType.F32);
      w.set(1, 4, 1);
      w.set(1, 5, 1);
      Sparse24Matrix.ofDense(session, w).close();
      w.set(1, 7, 1);
      Sparse24Exception.BadData e =
          assertThrows(
              Sparse24Exception.BadData.class, () -> Sparse24Matrix.ofDense(session, w).close());
      assertTrue(String.valueOf(e.getMessage()).contains("w[1, 4..7]"), e.toString());
      IllegalArgumentException k =
          assertThrows(
              IllegalArgumentException.class,
              () -> Pruner.magnitude().prune(session, normal(2, 10, DType.F32)).close());
      assertTrue(String.valueOf(k.getMessage()).contains("k = 10 is not a multiple of 4"));
    }
  }

  @Test
  void patternsAndScoresAreParsed() {
    assertEquals(new Pattern(4, 8), Pattern.parse("4:8"));
    assertEquals("2:4", Pattern.P2_4.toString());
    for (String bad : new String[] {"", "2", "2:", "a:4", "5:4", "0:4", "2:4:8", "1:65"}) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> Pattern.parse(bad));
      assertTrue(String.valueOf(e.getMessage()).startsWith("pattern: is"), e.toString());
    }
    assertEquals("wanda", PruningMethods.named("wanda").name());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> PruningMethods.named("wandb"));
    assertTrue(String.valueOf(e.getMessage()).contains("must be one of magnitude, wanda"));
    assertThrows(
        IllegalArgumentException.class,
        () -> Pruner.of(PruningMethods.named("wanda"), Pruner.Inputs.NONE));
  }
}
