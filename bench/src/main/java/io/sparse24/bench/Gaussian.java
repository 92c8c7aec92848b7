package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/**
 * N(0, 1) data, fast enough for gigabytes: a table of normal numbers read in random order. Never
 * zeros.
 */
final class Gaussian {
  private static final int SIZE = 1 << 16;

  private final float[] table = new float[SIZE];
  private long state;

  Gaussian(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < SIZE; i++) {
      table[i] = (float) random.nextGaussian();
    }
    state = random.nextLong();
  }

  private float next() {
    state = state * 6364136223846793005L + 1442695040888963407L;
    return table[(int) (state >>> 48)];
  }

  /** Fills a host matrix. */
  void fill(Matrix matrix) {
    DType dtype = matrix.dtype();
    MemorySegment segment = matrix.segment();
    for (long i = 0; i < matrix.rows(); i++) {
      long row = i * matrix.rowStride() * dtype.bytes();
      for (long j = 0; j < matrix.cols(); j++) {
        dtype.set(segment, row + j * dtype.bytes(), next());
      }
    }
  }
}
