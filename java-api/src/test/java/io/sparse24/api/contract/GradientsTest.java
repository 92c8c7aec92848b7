package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.api.AttentionShape;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Layers;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The oracle's gradients against its own forward operations: along a random direction d of all
 * inputs together, {@code (f(x + h d) − f(x − h d)) / 2h} is the sum of gradient times direction.
 * The oracle computes in float64 and stores F32, of which the quotient shows about 2⁻²⁴ / h.
 */
final class GradientsTest {
  private static final float STEP = 1f / 256;

  private final long seed = Long.getLong("s24.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final Arena arena = Arena.ofConfined();
  private final Session session = Backends.open(ReferenceBackend.NAME);
  private final Layers layers = session.layers();

  @AfterEach
  void close() {
    session.close();
    arena.close();
  }

  private Matrix normal(long rows, long cols) {
    Matrix matrix = blank(rows, cols);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < cols; j++) {
        matrix.set(i, j, (float) random.nextGaussian());
      }
    }
    return matrix;
  }

  private Matrix blank(long rows, long cols) {
    return Matrix.allocate(arena, rows, cols, DType.F32);
  }

  private static double dot(Matrix a, Matrix b) {
    double sum = 0;
    for (long i = 0; i < a.rows(); i++) {
      for (long j = 0; j < a.cols(); j++) {
        sum += (double) a.get(i, j) * b.get(i, j);
      }
    }
    return sum;
  }

  /**
   * Compares.
   *
   * @param loss the function, of what inputs hold
   * @param inputs what it depends on
   * @param gradients their gradients where they are now
   */
  private void check(Supplier<Double> loss, List<Matrix> inputs, List<Matrix> gradients) {
    double expected = 0;
    List<Matrix> directions = inputs.stream().map(x -> normal(x.rows(), x.cols())).toList();
    for (int i = 0; i < inputs.size(); i++) {
      expected += dot(directions.get(i), gradients.get(i));
    }
    double before = at(STEP, inputs, directions, loss);
    double after = at(-STEP, inputs, directions, loss);
    double actual = (before - after) / (2 * STEP);
    assertEquals(expected, actual, 1e-3 * (1 + Math.abs(expected)), "seed " + seed);
  }

  private double at(float step, List<Matrix> inputs, List<Matrix> directions, Supplier<Double> f) {
    List<Matrix> kept = inputs.stream().map(this::copy).toList();
    for (int i = 0; i < inputs.size(); i++) {
      session.axpby(step, directions.get(i), 1, inputs.get(i));
    }
    double value = f.get();
    for (int i = 0; i < inputs.size(); i++) {
      session.axpby(1, kept.get(i), 0, inputs.get(i));
    }
    return value;
  }

  private Matrix copy(Matrix x) {
    Matrix copy = blank(x.rows(), x.cols());
    session.axpby(1, x, 0, copy);
    return copy;
  }

  @Test
  void ofNorms() {
    Matrix x = normal(5, 12);
    Matrix w = normal(1, 12);
    Matrix y = blank(5, 12);
    Matrix r = blank(1, 5);
    Matrix dy = normal(5, 12);
    layers.rmsnorm(x, w, 0.1f, y, r);
    Matrix dx = blank(5, 12);
    Matrix dw = blank(1, 12);
    layers.rmsnormGrad(x, w, r, dy, 0, dx, dw);
    check(
        () -> {
          layers.rmsnorm(x, w, 0.1f, y, null);
          return dot(y, dy);
        },
        List.of(x, w),
        List.of(dx, dw));
  }

  @Test
  void ofGates() {
    Matrix g = normal(5, 12);
    Matrix u = normal(5, 12);
    Matrix y = blank(5, 12);
    Matrix dy = normal(5, 12);
    Matrix dg = blank(5, 12);
    Matrix du = blank(5, 12);
    layers.swigluGrad(g, u, dy, dg, du);
    check(
        () -> {
          layers.swiglu(g, u, y);
          return dot(y, dy);
        },
        List.of(g, u),
        List.of(dg, du));
  }

  @Test
  void ofAttention() {
    for (boolean causal : new boolean[] {false, true}) {
      AttentionShape shape = new AttentionShape(2, 4, 2, 0.5f, causal);
      Matrix q = normal(2 * 3, 4 * 5);
      Matrix k = normal(2 * 7, 2 * 5);
      Matrix v = normal(2 * 7, 2 * 5);
      Matrix y = blank(6, 20);
      Matrix lse = blank(6, 4);
      Matrix dy = normal(6, 20);
      layers.attention(shape, 6, q, k, v, y, lse);
      Matrix dq = blank(6, 20);
      Matrix dk = blank(14, 10);
      Matrix dv = blank(14, 10);
      layers.attentionGrad(shape, 6, q, k, v, y, lse, dy, dq, dk, dv);
      check(
          () -> {
            layers.attention(shape, 6, q, k, v, y, null);
            return dot(y, dy);
          },
          List.of(q, k, v),
          List.of(dq, dk, dv));
    }
  }

  @Test
  void ofPositions() {
    Matrix angles = normal(4, 3);
    Matrix cosines = blank(4, 3);
    Matrix sines = blank(4, 3);
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 3; j++) {
        cosines.set(i, j, (float) Math.cos(angles.get(i, j)));
        sines.set(i, j, (float) Math.sin(angles.get(i, j)));
      }
    }
    Matrix x = normal(5, 12);
    Matrix dx = normal(5, 12);
    Matrix dy = copy(dx);
    layers.rope(cosines, sines, 2, 1, 3, true, dx);
    check(
        () -> {
          Matrix turned = copy(x);
          layers.rope(cosines, sines, 2, 1, 3, false, turned);
          return dot(turned, dy);
        },
        List.of(x),
        List.of(dx));
  }

  @Test
  void ofEmbeddings() {
    Ids ids = Ids.allocate(arena, 9);
    for (int i = 0; i < 9; i++) {
      ids.set(i, random.nextInt(4));
    }
    Matrix table = normal(4, 6);
    Matrix x = blank(9, 6);
    Matrix dx = normal(9, 6);
    Matrix gradient = blank(4, 6);
    layers.embedGrad(ids, dx, gradient);
    check(
        () -> {
          layers.embed(ids, table, x);
          return dot(x, dx);
        },
        List.of(table),
        List.of(gradient));
  }

  @Test
  void ofLosses() {
    Ids targets = Ids.allocate(arena, 9);
    for (int i = 0; i < 9; i++) {
      targets.set(i, random.nextInt(-1, 6));
    }
    Matrix logits = normal(9, 6);
    Matrix loss = blank(1, 9);
    Matrix gradient = blank(9, 6);
    layers.crossEntropy(logits, targets, 0.25f, loss, gradient);
    Matrix weights = blank(1, 9);
    for (int i = 0; i < 9; i++) {
      weights.set(0, i, 0.25f);
    }
    check(
        () -> {
          layers.crossEntropy(logits, targets, 1, loss, null);
          return dot(loss, weights);
        },
        List.of(logits),
        List.of(gradient));
  }
}
