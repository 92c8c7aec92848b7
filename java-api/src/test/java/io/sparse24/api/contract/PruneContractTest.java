package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Scoring, selection, compression and their inverses: bit for bit with the oracle, and the edge
 * rules by hand.
 */
final class PruneContractTest {
  private static final int[][] SHAPES = {
    {0, 8}, {3, 0}, {1, 4}, {3, 12}, {31, 36}, {33, 128}, {2, 1020}, {5, 2052}, {127, 64},
    {2, 4100}, {4097, 4}
  };

  private static final List<DType> FLOATS = List.of(DType.F32, DType.BF16, DType.F16);

  static Stream<Subject> pruneKernels() {
    return Fixture.kernels(Op.PRUNE24);
  }

  static Stream<Subject> scoreKernels() {
    return Fixture.kernels(Op.SCORE);
  }

  static Stream<Subject> selectKernels() {
    return Fixture.kernels(Op.SELECT);
  }

  static Stream<Subject> normsKernels() {
    return Fixture.kernels(Op.ACCUMULATE_NORMS);
  }

  static Stream<Subject> packKernels() {
    return Fixture.kernels(Op.PACK24);
  }

  static Stream<Subject> subjects() {
    return Fixture.subjects();
  }

  /** Weights with ties, zeros of both signs and denormals among normal values. */
  private static Matrix weights(Fixture f, long n, long k, DType dtype, long pad) {
    float[] special = {0, -0.0f, 1, -1, 0.5f, -0.5f, 0x1p-20f};
    Matrix w = f.normal(n, k, dtype, pad);
    for (long i = 0; i < n; i++) {
      for (long j = 0; j < k; j++) {
        if (f.random.nextInt(3) == 0) {
          w.set(i, j, special[f.random.nextInt(special.length)]);
        }
      }
    }
    return w;
  }

  private static Matrix norms(Fixture f, long k) {
    Matrix s = f.blank(1, k, DType.F32, 0);
    for (long j = 0; j < k; j++) {
      s.set(0, j, f.random.nextInt(4) == 0 ? 0 : f.random.nextFloat() * 10);
    }
    return s;
  }

  @ParameterizedTest
  @MethodSource("pruneKernels")
  void pruneIsTheOraclesBitForBit(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (ScoreKind kind : ScoreKind.values()) {
          int pad = f.random.nextInt(3);
          Matrix w = weights(f, shape[0], shape[1], subject.dtype(), pad);
          Matrix s = kind == ScoreKind.WANDA ? norms(f, shape[1]) : null;
          Compressed24 expected = f.blankCompressed(shape[0], shape[1], subject.dtype(), 0);
          f.oracle.prune24(w, kind, s, expected);

          Compressed24 actual = f.blankCompressed(shape[0], shape[1], subject.dtype(), pad);
          Compressed24 out = new Compressed24(f.out(actual.values()), f.in(actual.mask()));
          f.session.prune24(f.in(w), kind, s == null ? null : f.in(s), out);
          f.finish();
          f.back(out.mask(), actual.mask());
          String what = subject + " " + kind + " " + shape[0] + " x " + shape[1];
          f.assertSame(expected.mask(), actual.mask(), what);
          f.assertSame(expected.values(), actual.values(), what);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("scoreKernels")
  void scoresAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (ScoreKind kind : ScoreKind.values()) {
          Matrix w = weights(f, shape[0], shape[1], subject.dtype(), 1);
          Matrix s = kind == ScoreKind.WANDA ? norms(f, shape[1]) : null;
          Matrix expected = f.blank(shape[0], shape[1], DType.F32, 0);
          f.oracle.score(w, kind, s, expected);
          Matrix actual = f.blank(shape[0], shape[1], DType.F32, 2);
          f.session.score(f.in(w), kind, s == null ? null : f.in(s), f.out(actual));
          f.finish();
          f.assertSame(expected, actual, subject + " " + kind);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("selectKernels")
  void selectionIsTheOracles(Subject subject) {
    int[][] patterns = {{2, 4}, {1, 2}, {4, 8}, {1, 4}, {0, 4}, {4, 4}, {3, 7}, {16, 64}};
    try (Fixture f = new Fixture(subject)) {
      for (int[] pattern : patterns) {
        long k = pattern[1] * 9L;
        Matrix scores = weights(f, 5, k, DType.F32, 1);
        Mask expected = f.blankMask(5, k, 0);
        f.oracle.select(scores, pattern[0], pattern[1], expected);
        Mask actual = f.blankMask(5, k, 1);
        Mask out = f.in(actual);
        f.session.select(f.in(scores), pattern[0], pattern[1], out);
        f.session.synchronize();
        f.back(out, actual);
        f.assertSame(expected, actual, subject + " " + pattern[0] + ":" + pattern[1]);
        for (long i = 0; i < 5; i++) {
          for (long g = 0; g < k; g += pattern[1]) {
            int kept = 0;
            for (int t = 0; t < pattern[1]; t++) {
              kept += actual.get(i, g + t) ? 1 : 0;
            }
            assertEquals(pattern[0], kept);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("normsKernels")
  void normsAddUpOverBatches(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int k : new int[] {0, 1, 3, 33, 127, 1023}) {
        Matrix expected = f.blank(1, k, DType.F32, 0);
        Matrix actual = f.blank(1, k, DType.F32, 0);
        for (int j = 0; j < k; j++) {
          expected.set(0, j, 1);
          actual.set(0, j, 1);
        }
        Matrix s = f.out(actual);
        for (int tokens : new int[] {1, 0, 31, 130}) {
          Matrix x = f.normal(tokens, k, subject.dtype(), 2);
          float decay = f.random.nextFloat();
          float scale = f.random.nextFloat() + 0.5f;
          f.session.accumulateNorms(f.in(x), s, decay, scale);
          f.oracle.accumulateNorms(x, expected, decay, scale);
        }
        f.finish();
        f.assertNear(expected, actual, Tolerance.norms(), subject + " k=" + k);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("packKernels")
  void packingIsInvertibleAndDecompressionExact(Subject subject) {
    KernelInfo kernel = Objects.requireNonNull(subject.kernel());
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int n = Fixture.sides(kernel, shape[0]);
        int k = Fixture.sides(kernel, shape[1]);
        Compressed24 canonical = f.sparse(n, k, subject.dtype(), 1);
        Matrix w = weights(f, n, k, subject.dtype(), 1);
        f.oracle.gather24(w, canonical);
        long bytes = f.session.packedBytes(subject.dtype(), kernel.layout(), n, k);
        Packed24 packed =
            f.session.pack24(f.in(canonical), kernel.layout(), f.scratch.buffer(bytes));
        Compressed24 back = f.blankCompressed(n, k, subject.dtype(), 2);
        Compressed24 out = new Compressed24(f.out(back.values()), f.in(back.mask()));
        f.session.unpack24(packed, out);

        Matrix expected = f.blank(n, k, subject.dtype(), 0);
        f.oracle.decompress24(canonical, expected);
        Matrix dense = f.blank(n, k, subject.dtype(), 3);
        f.session.decompress24(f.in(canonical), f.out(dense));

        Compressed24 gathered = f.blankCompressed(n, k, subject.dtype(), 0);
        Compressed24 gatherOut = new Compressed24(f.out(gathered.values()), f.in(canonical.mask()));
        f.session.gather24(f.in(w), gatherOut);

        Matrix masked = f.blank(n, k, subject.dtype(), 1);
        f.session.applyMask(f.in(w), f.in(canonical.mask()), f.out(masked));
        f.finish();
        f.back(out.mask(), back.mask());
        String what = subject + " " + n + " x " + k;
        f.assertSame(canonical.values(), back.values(), what + " unpack");
        f.assertSame(canonical.mask(), back.mask(), what + " unpack");
        f.assertSame(expected, dense, what + " decompress");
        f.assertSame(canonical.values(), gathered.values(), what + " gather");
        f.assertSame(expected, masked, what + " applyMask");
        for (Matrix output : List.of(back.values(), dense, gathered.values(), masked)) {
          f.assertScalesUntouched(output, what);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pruneKernels")
  void edgeRules(Subject subject) {
    DType dtype = subject.dtype();
    try (Fixture f = new Fixture(subject)) {
      for (int k : new int[] {4, 36, 132}) { // alone, and at the end of full vectors
        // A tie keeps the lower index; -0.0 is zero; a kept zero still has its bit.
        checkGroup(f, dtype, k, new float[] {1, 1, 1, 1}, 0b0011);
        checkGroup(f, dtype, k, new float[] {0, 0, 0, 0}, 0b0011);
        checkGroup(f, dtype, k, new float[] {0, -0.0f, 0, 2}, 0b1001);
        checkGroup(f, dtype, k, new float[] {-0.0f, 0, 0, 0}, 0b0011);
        checkGroup(f, dtype, k, new float[] {1, -2, 2, -1}, 0b0110);
        checkGroup(f, dtype, k, new float[] {0, 0, -3, 4}, 0b1100);
      }
    }
  }

  private static void checkGroup(Fixture f, DType dtype, int k, float[] group, int bits) {
    Matrix w = f.blank(1, k, dtype, 0);
    for (int j = 0; j < k; j++) {
      w.set(0, j, group[j % 4]);
    }
    Compressed24 host = f.blankCompressed(1, k, dtype, 0);
    Compressed24 out = new Compressed24(f.out(host.values()), f.in(host.mask()));
    f.session.prune24(f.in(w), ScoreKind.MAGNITUDE, null, out);
    f.finish();
    f.back(out.mask(), host.mask());
    int slot = 0;
    for (int j = 0; j < k; j += 4) {
      int found = 0;
      for (int t = 0; t < 4; t++) {
        if (host.mask().get(0, j + t)) {
          found |= 1 << t;
          // -0.0 is kept bit for bit where it is kept at all.
          assertEquals(
              Float.floatToRawIntBits(group[t]),
              Float.floatToRawIntBits(host.values().get(0, slot++)));
        }
      }
      assertEquals(bits, found, dtype + " " + Arrays.toString(group) + " at " + j + " of " + k);
    }
  }

  static Stream<Subject> checkingKernels() {
    return Fixture.kernels(Op.PRUNE24, Op.PRUNE24_BOTH, Op.SCORE, Op.ACCUMULATE_NORMS);
  }

  /** The operation of a forced kernel, done on return. */
  private static void check(Fixture f, Subject subject, Matrix w, @Nullable Matrix s) {
    long n = w.rows();
    long k = w.cols();
    ScoreKind kind = s == null ? ScoreKind.MAGNITUDE : ScoreKind.WANDA;
    Matrix norms = s == null ? null : f.in(s);
    switch (Objects.requireNonNull(subject.kernel()).op()) {
      case PRUNE24 ->
          f.session.prune24(f.in(w), kind, norms, f.in(f.blankCompressed(n, k, w.dtype(), 0)));
      case PRUNE24_BOTH ->
          f.session.prune24Both(
              f.in(w),
              kind,
              norms,
              f.in(f.blankCompressed(n, k, w.dtype(), 0)),
              f.in(f.blankCompressed(k, n, w.dtype(), 0)));
      case SCORE -> f.session.score(f.in(w), kind, norms, f.in(f.blank(n, k, DType.F32, 0)));
      default -> f.session.accumulateNorms(f.in(w), f.in(f.blank(1, k, DType.F32, 0)), 0, 1);
    }
    f.session.synchronize();
  }

  @ParameterizedTest
  @MethodSource("checkingKernels")
  void nonFiniteIsNamed(Subject subject) {
    String what = Objects.requireNonNull(subject.kernel()).op() == Op.ACCUMULATE_NORMS ? "x" : "w";
    try (Fixture f = new Fixture(subject)) {
      Matrix w = f.normal(8, 40, subject.dtype(), 0);
      check(f, subject, w, null);
      w.set(4, 2, Float.NEGATIVE_INFINITY);
      assertBadData(what + "[4, 2] is -Inf", () -> check(f, subject, w, null));
      w.set(3, 39, Float.POSITIVE_INFINITY);
      assertBadData(what + "[3, 39] is Inf", () -> check(f, subject, w, null));
      w.set(3, 17, Float.NaN);
      assertBadData(what + "[3, 17] is NaN", () -> check(f, subject, w, null));
    }
  }

  static Stream<Subject> scoringKernels() {
    return Fixture.kernels(Op.PRUNE24, Op.PRUNE24_BOTH, Op.SCORE);
  }

  @ParameterizedTest
  @MethodSource("scoringKernels")
  void badNormsAreNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int column : new int[] {0, 17, 39}) {
        Matrix w = f.normal(4, 40, subject.dtype(), 0);
        Matrix s = norms(f, 40);
        check(f, subject, w, s);
        s.set(0, column, Float.NaN);
        assertBadData("s[" + column + "] is NaN", () -> check(f, subject, w, s));
        s.set(0, column, Float.POSITIVE_INFINITY);
        assertBadData("s[" + column + "] is Inf", () -> check(f, subject, w, s));
        s.set(0, column, Float.NEGATIVE_INFINITY);
        assertBadData("s[" + column + "] is -Inf", () -> check(f, subject, w, s));
        s.set(0, column, -1);
        assertBadData("s[" + column + "] is -1", () -> check(f, subject, w, s));
        assertBadData("less than 0", () -> check(f, subject, w, s));
        s.set(0, column, -0.0f);
        check(f, subject, w, s);
        w.set(1, column, 0);
        s.set(0, column, Float.POSITIVE_INFINITY); // also where the weight is 0
        assertBadData("s[" + column + "] is Inf", () -> check(f, subject, w, s));
        if (subject.dtype() != DType.F16) { // its weights are too small
          w.set(1, column, 0x1p127f);
          w.set(0, column, 1);
          s.set(0, column, 16);
          assertBadData(
              "w[1, " + column + "] * sqrt(s[" + column + "]) overflows F32",
              () -> check(f, subject, w, s));
        }
      }
      // Let through, they rank: NaN lowest.
      f.session.allowNonFinite(true);
      Matrix s = norms(f, 40);
      s.set(0, 3, Float.NaN);
      s.set(0, 4, -1);
      s.set(0, 5, Float.POSITIVE_INFINITY);
      check(f, subject, f.normal(4, 40, subject.dtype(), 0), s);
    }
  }

  @ParameterizedTest
  @MethodSource("selectKernels")
  void badScoresAreNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Matrix scores = f.normal(5, 40, DType.F32, 0);
      Mask out = f.in(f.blankMask(5, 40, 0));
      Executable select =
          () -> {
            f.session.select(f.in(scores), 2, 4, out);
            f.session.synchronize();
          };
      scores.set(4, 2, Float.NEGATIVE_INFINITY);
      assertBadData("scores[4, 2] is -Inf", select);
      scores.set(3, 39, Float.POSITIVE_INFINITY);
      assertBadData("scores[3, 39] is Inf", select);
      scores.set(3, 17, Float.NaN);
      assertBadData("scores[3, 17] is NaN", select);
    }
  }

  @ParameterizedTest
  @MethodSource("normsKernels")
  void normsBeyondF32AreNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Matrix s = f.blank(1, 40, DType.F32, 0);
      s.segment().fill((byte) 0);
      Matrix x = f.normal(3, 40, subject.dtype(), 0);
      s.set(0, 7, Float.NaN);
      assertBadData("s[7] is not finite", () -> accumulate(f, x, s, 1, 1));
      accumulate(f, x, s, 0, 1); // not read
      s.set(0, 7, Float.MAX_VALUE);
      assertBadData("s[7] overflows F32", () -> accumulate(f, x, s, 2, 1));
    }
  }

  private static void accumulate(Fixture f, Matrix x, Matrix s, float decay, float scale) {
    f.session.accumulateNorms(f.in(x), f.in(copy(f, s)), decay, scale);
    f.session.synchronize();
  }

  private static Matrix copy(Fixture f, Matrix s) {
    Matrix copy = f.blank(1, s.cols(), DType.F32, 0);
    copy.segment().copyFrom(s.segment());
    return copy;
  }

  @ParameterizedTest
  @MethodSource("pruneKernels")
  void letThroughANaNRanksLowestAndAnInfinityHighest(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      f.session.allowNonFinite(true);
      Matrix w = f.normal(5, 40, subject.dtype(), 0);
      for (int column : new int[] {0, 36}) {
        w.set(0, column, Float.NaN);
        w.set(0, column + 1, Float.NEGATIVE_INFINITY);
      }
      Compressed24 host = f.blankCompressed(5, 40, subject.dtype(), 0);
      Compressed24 through = new Compressed24(f.out(host.values()), f.in(host.mask()));
      f.session.prune24(f.in(w), ScoreKind.MAGNITUDE, null, through);
      f.finish();
      f.back(through.mask(), host.mask());
      for (int column : new int[] {0, 36}) {
        assertEquals(false, host.mask().get(0, column));
        assertEquals(true, host.mask().get(0, column + 1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void moreThanTwoNonZerosAreNeverDropped(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (DType dtype : FLOATS) {
        Matrix w = f.blank(3, 24, dtype, 0);
        w.segment().fill((byte) 0);
        w.set(1, 8, 1);
        w.set(1, 11, -1);
        w.set(2, 3, -0.0f);
        Compressed24 host = f.blankCompressed(3, 24, dtype, 0);
        Compressed24 out = new Compressed24(f.out(host.values()), f.in(host.mask()));
        f.session.compress24(f.in(w), out);
        f.finish();
        f.back(out.mask(), host.mask());
        Matrix dense = f.blank(3, 24, dtype, 0);
        f.oracle.decompress24(host, dense);
        assertEquals(1, dense.get(1, 8));
        assertEquals(-1, dense.get(1, 11));

        w.set(1, 10, 0x1p-14f);
        assertBadData(
            "w[1, 8..11]",
            () -> {
              f.session.compress24(f.in(w), f.in(f.blankCompressed(3, 24, dtype, 0)));
              f.session.synchronize();
            });
      }
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aMaskWithoutTwoBitsAGroupIsRefused(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Compressed24 host = f.blankCompressed(2, 16, DType.F32, 0);
      f.oracle.prune24(f.normal(2, 16, DType.F32, 0), ScoreKind.MAGNITUDE, null, host);
      host.mask().set(1, 4, true);
      host.mask().set(1, 5, true);
      host.mask().set(1, 6, true);
      Compressed24 bad = f.in(host);
      Matrix dense = f.in(f.blank(2, 16, DType.F32, 0));
      assertBadData(
          "mask[1, 4..7]",
          () -> {
            f.session.decompress24(bad, dense);
            f.session.synchronize();
          });
      assertBadData(
          "mask[1, 4..7]",
          () -> {
            f.session.gather24(dense, bad);
            f.session.synchronize();
          });
      int layout = f.session.packedLayout(DType.F32, 0, 2, 16);
      assertBadData(
          "mask[1, 4..7]",
          () -> {
            f.session.pack24(
                bad, layout, f.scratch.buffer(f.session.packedBytes(DType.F32, layout, 2, 16)));
            f.session.synchronize();
          });
    }
  }

  private static void assertBadData(String part, Executable call) {
    Sparse24Exception.BadData e = assertThrows(Sparse24Exception.BadData.class, call);
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.toString());
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void applyMaskTakesAnyPatternInPlace(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Matrix w = f.normal(3, 10, DType.BF16, 1);
      Mask mask = f.blankMask(3, 10, 0);
      mask.segment().fill((byte) 0);
      mask.set(2, 9, true);
      float kept = w.get(2, 9);
      Matrix there = f.out(w);
      f.session.applyMask(there, f.in(mask), there);
      f.finish();
      assertEquals(kept, w.get(2, 9));
      assertEquals(0, Float.floatToRawIntBits(w.get(0, 0)));
    }
  }
}
