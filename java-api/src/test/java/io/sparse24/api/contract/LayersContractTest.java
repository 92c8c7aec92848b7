package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.AttentionShape;
import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Layers;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.contract.Fixture.Subject;
import io.sparse24.api.reference.Tolerance;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A decoder's operations beside products, against the oracle. */
final class LayersContractTest {
  private static final int[][] SHAPES = {
    {0, 8}, {1, 1}, {3, 5}, {1, 127}, {31, 33}, {33, 16}, {7, 1023}, {129, 4}, {2, 4097}
  };

  static Stream<Subject> embeds() {
    return Fixture.kernels(Op.EMBED);
  }

  static Stream<Subject> embedGrads() {
    return Fixture.kernels(Op.EMBED_GRAD);
  }

  static Stream<Subject> norms() {
    return Fixture.kernels(Op.RMSNORM);
  }

  static Stream<Subject> normGrads() {
    return Fixture.kernels(Op.RMSNORM_GRAD);
  }

  static Stream<Subject> ropes() {
    return Fixture.kernels(Op.ROPE);
  }

  static Stream<Subject> attentions() {
    return Fixture.kernels(Op.ATTENTION);
  }

  static Stream<Subject> attentionGrads() {
    return Fixture.kernels(Op.ATTENTION_GRAD);
  }

  static Stream<Subject> gates() {
    return Fixture.kernels(Op.SWIGLU);
  }

  static Stream<Subject> gateGrads() {
    return Fixture.kernels(Op.SWIGLU_GRAD);
  }

  static Stream<Subject> losses() {
    return Fixture.kernels(Op.CROSS_ENTROPY);
  }

  @ParameterizedTest
  @MethodSource("embeds")
  void embeddingsAreRowsOfTheTable(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int pad = f.random.nextInt(3);
        Matrix table = f.normal(11, shape[1], subject.dtype(), pad);
        Ids ids = f.ids(shape[0], 0, 11);
        Matrix x = f.blank(shape[0], shape[1], subject.dtype(), 2 - pad);
        f.session.layers().embed(f.in(ids), f.in(table), f.out(x));
        f.finish();
        Matrix expected = f.blank(shape[0], shape[1], subject.dtype(), 0);
        f.oracle.layers().embed(ids, table, expected);
        f.assertSame(expected, x, what(subject, shape));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("embedGrads")
  void gradientsOfEmbeddingsAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int pad = f.random.nextInt(3);
        Matrix x = f.normal(shape[0], shape[1], subject.dtype(), pad);
        Ids ids = f.ids(shape[0], 0, 11);
        Matrix table = f.normal(13, shape[1], DType.F32, 2 - pad);
        Matrix expected = f.copy(table, DType.F32, 0);
        f.session.layers().embedGrad(f.in(ids), f.in(x), f.out(table));
        f.finish();
        f.oracle.layers().embedGrad(ids, x, expected);
        f.assertNear(
            expected, table, Tolerance.gemm(DType.F32, shape[0] + 4, 1), what(subject, shape));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("embeds")
  void anIdThatIsNoRowIsNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int bad : new int[] {-1, 11, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        Ids ids = f.ids(33, 0, 11);
        ids.set(17, bad);
        ids.set(30, bad);
        Matrix table = f.normal(11, 8, subject.dtype(), 0);
        Matrix x = f.blank(33, 8, subject.dtype(), 0);
        Layers layers = f.session.layers();
        assertBad(f, "17", () -> layers.embed(f.in(ids), f.in(table), f.out(x)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("embedGrads")
  void anIdThatIsNoRowOfTheGradientIsNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      Ids ids = f.ids(33, 0, 11);
      ids.set(17, 11);
      Matrix x = f.normal(33, 8, subject.dtype(), 0);
      Matrix table = f.normal(11, 8, DType.F32, 0);
      Layers layers = f.session.layers();
      assertBad(f, "17", () -> layers.embedGrad(f.in(ids), f.in(x), f.out(table)));
    }
  }

  private static void assertBad(Fixture f, String place, Executable work) {
    Sparse24Exception.BadData e =
        assertThrows(
            Sparse24Exception.BadData.class,
            () -> {
              work.execute();
              f.session.synchronize();
            });
    assertTrue(String.valueOf(e.getMessage()).contains(place), e.toString());
  }

  @ParameterizedTest
  @MethodSource("norms")
  void normsAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        int pad = f.random.nextInt(3);
        Matrix x = f.normal(shape[0], shape[1], subject.dtype(), pad);
        Matrix w = f.normal(1, shape[1], DType.F32, 0);
        Matrix expected = f.blank(shape[0], shape[1], subject.dtype(), 0);
        Matrix expectedR = f.blank(1, shape[0], DType.F32, 0);
        f.oracle.layers().rmsnorm(x, w, 1e-5f, expected, expectedR);

        Matrix y = f.blank(shape[0], shape[1], subject.dtype(), 2 - pad);
        Matrix r = f.blank(1, shape[0], DType.F32, 0);
        f.session.layers().rmsnorm(f.in(x), f.in(w), 1e-5f, f.out(y), f.out(r));
        Matrix inPlace = f.copy(x, subject.dtype(), pad);
        Matrix there = f.out(inPlace);
        f.session.layers().rmsnorm(there, f.in(w), 1e-5f, there, null);
        f.finish();
        String what = what(subject, shape);
        f.assertNear(expectedR, r, Tolerance.step(DType.F32, 4), what + ": r");
        f.assertNear(expected, y, Tolerance.step(subject.dtype(), 16), what);
        f.assertSame(f.copy(y, subject.dtype(), 0), inPlace, what + " in place");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("normGrads")
  void gradientsOfNormsAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        for (int variant = 0; variant < 3; variant++) { // 2: in place
          gradientOfNorm(f, subject, shape, variant);
        }
      }
    }
  }

  private static void gradientOfNorm(Fixture f, Subject subject, int[] shape, int variant) {
    DType dtype = subject.dtype();
    Matrix x = f.normal(shape[0], shape[1], dtype, variant);
    Matrix w = f.normal(1, shape[1], DType.F32, 0);
    Matrix r = f.blank(1, shape[0], DType.F32, 0);
    f.oracle.layers().rmsnorm(x, w, 1e-5f, f.blank(shape[0], shape[1], dtype, 0), r);
    Matrix dy = f.normal(shape[0], shape[1], dtype, variant);
    float beta = variant == 1 ? 1 : 0;
    Matrix dx = variant == 2 ? dy : f.normal(shape[0], shape[1], dtype, 1);
    Matrix dw = f.normal(1, shape[1], DType.F32, 0);
    Matrix expectedX = f.copy(dx, dtype, 0);
    Matrix expectedW = f.copy(dw, DType.F32, 0);
    f.oracle.layers().rmsnormGrad(x, w, r, f.copy(dy, dtype, 0), beta, expectedX, expectedW);
    Matrix out = f.out(dx);
    Matrix in = variant == 2 ? out : f.in(dy);
    f.session.layers().rmsnormGrad(f.in(x), f.in(w), f.in(r), in, beta, out, f.out(dw));
    f.finish();
    String what = what(subject, shape) + " variant " + variant;
    f.assertNear(expectedX, dx, Tolerance.gemm(dtype, 64, 8), what + ": dx");
    f.assertNear(expectedW, dw, Tolerance.gemm(DType.F32, shape[0] + 8, 8), what + ": dw");
  }

  @ParameterizedTest
  @MethodSource("ropes")
  void positionsAreTheOraclesAndTurnBack(Subject subject) {
    int[][] shapes = {{0, 1, 2}, {1, 1, 2}, {3, 3, 6}, {33, 2, 32}, {7, 5, 66}, {65, 1, 128}};
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : shapes) { // rows, heads, headDim
        int pad = f.random.nextInt(3);
        int period = 1 + f.random.nextInt(shape[0] + 1);
        int start = f.random.nextInt(5);
        Matrix angles = f.normal(start + period, shape[2] / 2, DType.F32, 0);
        Matrix cosines = f.blank(start + period, shape[2] / 2, DType.F32, 0);
        Matrix sines = f.blank(start + period, shape[2] / 2, DType.F32, 0);
        for (int i = 0; i < angles.rows(); i++) {
          for (int j = 0; j < angles.cols(); j++) {
            cosines.set(i, j, (float) Math.cos(angles.get(i, j)));
            sines.set(i, j, (float) Math.sin(angles.get(i, j)));
          }
        }
        Matrix x = f.normal(shape[0], (long) shape[1] * shape[2], subject.dtype(), pad);
        for (boolean inverse : new boolean[] {false, true}) {
          Matrix expected = f.copy(x, subject.dtype(), 0);
          f.oracle.layers().rope(cosines, sines, shape[1], start, period, inverse, expected);
          Matrix turned = f.copy(x, subject.dtype(), pad);
          f.session
              .layers()
              .rope(f.in(cosines), f.in(sines), shape[1], start, period, inverse, f.out(turned));
          f.finish();
          String what = subject + " rows " + shape[0] + " heads " + shape[1] + " of " + shape[2];
          f.assertNear(expected, turned, Tolerance.step(subject.dtype(), 8), what);
          // Turned the other way it is what it was, but for roundings.
          f.oracle.layers().rope(cosines, sines, shape[1], start, period, !inverse, expected);
          double rounding = 8 * Math.max(subject.dtype().epsilon(), 0x1p-23);
          f.assertNear(x, expected, new Tolerance(rounding, rounding), what + " and back");
        }
      }
    }
  }

  /** What an attention is of. */
  private record Sizes(
      int batch, int qRows, int kvRows, int kvStride, int heads, int kvHeads, int headDim) {}

  private static final Sizes[] SIZES = {
    new Sizes(1, 1, 1, 1, 1, 1, 1),
    new Sizes(2, 3, 3, 3, 2, 1, 5),
    new Sizes(1, 1, 127, 130, 4, 2, 16),
    new Sizes(3, 1, 33, 33, 2, 2, 64),
    new Sizes(2, 31, 33, 40, 3, 3, 8),
    new Sizes(1, 65, 65, 65, 4, 2, 32),
    new Sizes(1, 5, 257, 257, 2, 1, 128),
    new Sizes(2, 17, 100, 100, 6, 2, 33)
  };

  @ParameterizedTest
  @MethodSource("attentions")
  void attentionIsTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (Sizes sizes : SIZES) {
        for (boolean causal : new boolean[] {false, true}) {
          attention(f, subject, sizes, causal);
        }
      }
    }
  }

  private static AttentionShape shape(Sizes s, boolean causal) {
    float scale = (float) (1 / Math.sqrt(s.headDim));
    return new AttentionShape(s.batch, s.heads, s.kvHeads, scale, causal);
  }

  private static Matrix queries(Fixture f, Sizes s, DType dtype, int pad) {
    return f.normal((long) s.batch * s.qRows, (long) s.heads * s.headDim, dtype, pad);
  }

  private static Matrix keys(Fixture f, Sizes s, DType dtype, int pad) {
    return f.normal((long) s.batch * s.kvStride, (long) s.kvHeads * s.headDim, dtype, pad);
  }

  private static void attention(Fixture f, Subject subject, Sizes s, boolean causal) {
    DType dtype = subject.dtype();
    AttentionShape shape = shape(s, causal);
    Matrix q = queries(f, s, dtype, 1);
    Matrix k = keys(f, s, dtype, 2);
    Matrix v = keys(f, s, dtype, 0);
    for (long c = 0; c < v.cols() && s.kvStride > s.kvRows; c++) {
      v.set(s.kvStride - 1, c, Float.NaN); // takes no part
    }
    Matrix y = f.blank(q.rows(), q.cols(), dtype, 3);
    Matrix lse = f.blank(q.rows(), s.heads, DType.F32, 0);
    f.session.layers().attention(shape, s.kvRows, f.in(q), f.in(k), f.in(v), f.out(y), f.out(lse));
    Matrix alone = f.blank(q.rows(), q.cols(), dtype, 0);
    f.session.layers().attention(shape, s.kvRows, f.in(q), f.in(k), f.in(v), f.out(alone), null);
    f.finish();
    Matrix expected = f.blank(q.rows(), q.cols(), dtype, 0);
    Matrix expectedLse = f.blank(q.rows(), s.heads, DType.F32, 0);
    f.oracle.layers().attention(shape, s.kvRows, q, k, v, expected, expectedLse);
    String what = subject + " " + s + (causal ? " causal" : "");
    f.assertNear(expectedLse, lse, Tolerance.gemm(DType.F32, s.headDim + 16L, 1), what + ": lse");
    // Weights add up to 1; each is as wrong as its score, a sum of headDim products.
    f.assertNear(expected, y, Tolerance.gemm(dtype, s.headDim + 64L, 1), what);
    f.assertSame(f.copy(y, dtype, 0), alone, what + ": without lse");
  }

  @ParameterizedTest
  @MethodSource("attentionGrads")
  void gradientsOfAttentionAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (Sizes sizes : SIZES) {
        for (boolean causal : new boolean[] {false, true}) {
          attentionGrad(f, subject, sizes, causal);
        }
      }
    }
  }

  private static void attentionGrad(Fixture f, Subject subject, Sizes s, boolean causal) {
    DType dtype = subject.dtype();
    AttentionShape shape = shape(s, causal);
    Matrix q = queries(f, s, dtype, 1);
    Matrix k = keys(f, s, dtype, 2);
    Matrix v = keys(f, s, dtype, 0);
    Matrix y = f.blank(q.rows(), q.cols(), dtype, 3);
    Matrix lse = f.blank(q.rows(), s.heads, DType.F32, 0);
    f.oracle.layers().attention(shape, s.kvRows, q, k, v, y, lse);
    Matrix dy = queries(f, s, dtype, 0);
    Matrix dq = f.blank(q.rows(), q.cols(), dtype, 2);
    Matrix dk = f.blank(k.rows(), k.cols(), dtype, 0);
    Matrix dv = f.blank(k.rows(), k.cols(), dtype, 1);
    Matrix expectedQ = f.blank(q.rows(), q.cols(), dtype, 0);
    Matrix expectedK = f.blank(k.rows(), k.cols(), dtype, 0);
    Matrix expectedV = f.blank(k.rows(), k.cols(), dtype, 0);
    f.oracle
        .layers()
        .attentionGrad(shape, s.kvRows, q, k, v, y, lse, dy, expectedQ, expectedK, expectedV);
    f.session
        .layers()
        .attentionGrad(
            shape, s.kvRows, f.in(q), f.in(k), f.in(v), f.in(y), f.in(lse), f.in(dy), f.out(dq),
            f.out(dk), f.out(dv));
    f.finish();
    String what = subject + " " + s + (causal ? " causal" : "");
    // p and dp are sums of headDim products, each gradient adds up keys or queries of a group.
    long terms = s.headDim + 64L;
    long rows = (long) s.qRows * (s.heads / s.kvHeads);
    f.assertNear(expectedQ, dq, Tolerance.gemm(dtype, terms + s.kvRows, 2), what + ": dq");
    f.assertNear(expectedK, dk, Tolerance.gemm(dtype, terms + rows, 2), what + ": dk");
    f.assertNear(expectedV, dv, Tolerance.gemm(dtype, terms + rows, 2), what + ": dv");
  }

  @ParameterizedTest
  @MethodSource("gates")
  void gatesAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        DType dtype = subject.dtype();
        Matrix g = f.normal(shape[0], shape[1], dtype, 1);
        extremes(g);
        Matrix u = f.normal(shape[0], shape[1], dtype, 2);
        Matrix expected = f.blank(shape[0], shape[1], dtype, 0);
        f.oracle.layers().swiglu(g, u, expected);
        Matrix y = f.blank(shape[0], shape[1], dtype, 0);
        Matrix overG = f.copy(g, dtype, 1);
        Matrix overU = f.copy(u, dtype, 2);
        f.session.layers().swiglu(f.in(g), f.in(u), f.out(y));
        Matrix thereG = f.out(overG);
        f.session.layers().swiglu(thereG, f.in(u), thereG);
        Matrix thereU = f.out(overU);
        f.session.layers().swiglu(f.in(g), thereU, thereU);
        f.finish();
        String what = what(subject, shape);
        f.assertNear(expected, y, Tolerance.step(dtype, 16), what);
        f.assertSameNumbers(f.copy(y, dtype, 0), overG, what + " over g");
        f.assertSameNumbers(f.copy(y, dtype, 0), overU, what + " over u");
      }
    }
  }

  /** Where exp is 0 or Inf. */
  private static void extremes(Matrix g) {
    if (g.rows() > 0 && g.cols() > 2) {
      g.set(0, 0, 200);
      g.set(0, 1, -200);
      g.set(0, 2, Float.NaN);
    }
  }

  @ParameterizedTest
  @MethodSource("gateGrads")
  void gradientsOfGatesAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        DType dtype = subject.dtype();
        Matrix g = f.normal(shape[0], shape[1], dtype, 1);
        extremes(g);
        Matrix u = f.normal(shape[0], shape[1], dtype, 2);
        Matrix dy = f.normal(shape[0], shape[1], dtype, 0);
        Matrix expectedG = f.blank(shape[0], shape[1], dtype, 0);
        Matrix expectedU = f.blank(shape[0], shape[1], dtype, 0);
        f.oracle.layers().swigluGrad(g, u, dy, expectedG, expectedU);
        Matrix dg = f.blank(shape[0], shape[1], dtype, 3);
        Matrix du = f.blank(shape[0], shape[1], dtype, 0);
        f.session.layers().swigluGrad(f.in(g), f.in(u), f.in(dy), f.out(dg), f.out(du));
        Matrix overG = f.out(g);
        Matrix overU = f.out(u);
        f.session.layers().swigluGrad(overG, overU, f.in(dy), overG, overU);
        f.finish();
        String what = what(subject, shape);
        f.assertNear(expectedG, dg, Tolerance.step(dtype, 32), what + ": dg");
        f.assertNear(expectedU, du, Tolerance.step(dtype, 32), what + ": du");
        f.assertSameNumbers(f.copy(dg, dtype, 0), g, what + ": dg over g");
        f.assertSameNumbers(f.copy(du, dtype, 0), u, what + ": du over u");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void lossesAreTheOracles(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int[] shape : SHAPES) {
        DType dtype = subject.dtype();
        Matrix logits = f.normal(shape[0], shape[1], dtype, 1);
        for (long i = 0; i < shape[0]; i++) {
          logits.set(i, 0, 8); // one that stands out
        }
        Ids targets = f.ids(shape[0], -1, shape[1]);
        Matrix expectedLoss = f.blank(1, shape[0], DType.F32, 0);
        Matrix expected = f.blank(shape[0], shape[1], dtype, 0);
        f.oracle.layers().crossEntropy(logits, targets, 0.5f, expectedLoss, expected);
        Matrix loss = f.blank(1, shape[0], DType.F32, 0);
        Matrix gradient = f.blank(shape[0], shape[1], dtype, 2);
        Matrix alone = f.blank(1, shape[0], DType.F32, 0);
        Matrix there = f.in(logits);
        Ids ids = f.in(targets);
        f.session.layers().crossEntropy(there, ids, 0.5f, f.out(loss), f.out(gradient));
        f.session.layers().crossEntropy(there, ids, 0.5f, f.out(alone), null);
        Matrix over = f.out(logits);
        f.session
            .layers()
            .crossEntropy(over, ids, 0.5f, f.out(f.blank(1, shape[0], DType.F32, 0)), over);
        f.finish();
        String what = what(subject, shape);
        f.assertNear(expectedLoss, loss, Tolerance.gemm(DType.F32, 64, 1), what + ": loss");
        f.assertNear(expected, gradient, Tolerance.gemm(dtype, 64, 1), what);
        f.assertSame(loss, alone, what + ": loss alone");
        f.assertSame(f.copy(gradient, dtype, 0), logits, what + " over logits");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aTargetThatIsNoColumnIsNamed(Subject subject) {
    try (Fixture f = new Fixture(subject)) {
      for (int bad : new int[] {-2, 8, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        Matrix logits = f.normal(33, 8, subject.dtype(), 0);
        Ids targets = f.ids(33, -1, 8);
        targets.set(17, bad);
        Matrix loss = f.blank(1, 33, DType.F32, 0);
        Layers layers = f.session.layers();
        assertBad(
            f, "17", () -> layers.crossEntropy(f.in(logits), f.in(targets), 1, f.out(loss), null));
      }
    }
  }

  private static String what(Subject subject, int[] shape) {
    return subject + " " + shape[0] + " x " + shape[1];
  }
}
