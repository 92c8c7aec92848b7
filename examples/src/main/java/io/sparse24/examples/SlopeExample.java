package io.sparse24.examples;

import io.sparse24.api.AdamW;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.train.Initial;
import io.sparse24.train.InitialMask;
import io.sparse24.train.MemoryUse;
import io.sparse24.train.Rule;
import io.sparse24.train.SlopeLinear;
import io.sparse24.train.SlopeOptions;
import io.sparse24.train.Workspace;
import java.lang.foreign.Arena;

/** Two layers trained 2:4 from the start in a loop of one's own: a regression on random targets. */
public final class SlopeExample {
  private static final int M = 64; // tokens
  private static final int K = 32;
  private static final int HIDDEN = 128;
  private static final int N = 16;

  private SlopeExample() {}

  /**
   * Runs it.
   *
   * @param args none
   */
  // @start region="slope"
  public static void main(String[] args) {
    SlopeOptions options = SlopeOptions.of(new InitialMask.Random(1));
    try (Session session = Backends.open("cpu");
        Arena arena = Arena.ofConfined();
        Workspace workspace =
            Workspace.of(
                session,
                DType.BF16,
                M,
                SlopeLinear.needs(HIDDEN, K, options, 0),
                SlopeLinear.needs(N, HIDDEN, options, 0));
        SlopeLinear first = SlopeLinear.of(workspace, normal(arena, HIDDEN, K, 2), options);
        SlopeLinear second = SlopeLinear.of(workspace, normal(arena, N, HIDDEN, 3), options)) {
      Matrix x = Matrix.allocate(arena, M, K, DType.BF16);
      Matrix target = Matrix.allocate(arena, M, N, DType.BF16);
      session.cast(normal(arena, M, K, 4), x);
      session.cast(normal(arena, M, N, 5), target);
      Matrix h = Matrix.allocate(arena, M, HIDDEN, DType.BF16);
      Matrix dh = Matrix.allocate(arena, M, HIDDEN, DType.BF16);
      Matrix y = Matrix.allocate(arena, M, N, DType.BF16);
      AdamW settings = AdamW.of(0.01f);
      for (int step = 1; step <= 200; step++) {
        first.forward(x, h);
        relu(h, h);
        second.forward(h, y);
        double loss = lossAndGradient(y, target); // y becomes its gradient
        second.backward(y, h, dh, 0);
        relu(dh, h);
        first.backward(dh, x, null, 0);
        double norm = Math.sqrt(first.squaredGradientNorm() + second.squaredGradientNorm());
        float clip = (float) Math.min(1, 1 / norm);
        first.step(settings, clip);
        second.step(settings, clip);
        if (step % 50 == 0 || step == 1) {
          System.out.printf("step %d: loss %.4f%n", step, loss);
        }
      }
      MemoryUse dense = MemoryUse.dense(HIDDEN, K, DType.BF16, Rule.ADAMW);
      System.out.print(first.memory().table(dense));
    }
  }

  // @end

  /** Keeps what is above 0 in {@code by}: ReLU, and its gradient. */
  private static void relu(Matrix matrix, Matrix by) {
    for (long i = 0; i < matrix.rows(); i++) {
      for (long j = 0; j < matrix.cols(); j++) {
        if (!(by.get(i, j) > 0)) {
          matrix.set(i, j, 0);
        }
      }
    }
  }

  /** The mean square of what y is off; y becomes the gradient of half its sum over a row. */
  private static double lossAndGradient(Matrix y, Matrix target) {
    double sum = 0;
    for (long i = 0; i < y.rows(); i++) {
      for (long j = 0; j < y.cols(); j++) {
        float off = y.get(i, j) - target.get(i, j);
        sum += off * off;
        y.set(i, j, off / y.rows());
      }
    }
    return sum / (y.rows() * y.cols());
  }

  private static Matrix normal(Arena arena, long rows, long cols, long seed) {
    return Initial.normal(arena, rows, cols, 1 / Math.sqrt((double) cols), seed);
  }
}
