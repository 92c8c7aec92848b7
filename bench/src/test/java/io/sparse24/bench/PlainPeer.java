package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;

/** A peer of three loops, named as the one that targets are about; wrong when a test says so. */
public final class PlainPeer implements Peer {
  static final String NAME = "oneDNN";

  private static volatile boolean wrong;

  /** For ServiceLoader. */
  public PlainPeer() {}

  /** Makes every product wrong. */
  static void spoil(boolean yes) {
    wrong = yes;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return "1.0";
  }

  @Override
  public boolean multiplies(DType dtype, long k) {
    return dtype == DType.F32;
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    Arena arena = Arena.ofAuto();
    Matrix y = Matrix.allocate(arena, x.rows(), w.rows(), DType.F32);
    return new Product() {
      @Override
      public void run() {
        for (long i = 0; i < y.rows(); i++) {
          for (long j = 0; j < y.cols(); j++) {
            double sum = wrong ? 1 : 0;
            for (long p = 0; p < x.cols(); p++) {
              sum += (double) x.get(i, p) * w.get(j, p);
            }
            y.set(i, j, (float) sum);
          }
        }
      }

      @Override
      public Matrix y() {
        return y;
      }

      @Override
      public void close() {}
    };
  }
}
