package io.sparse24.examples;

import io.sparse24.Pruner;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Backends;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.Random;

/** A weight that is pruned to 2:4 and then quantized to int8: five bits of sixteen. */
public final class Int8Example {
  private static final int N = 256;
  private static final int K = 512;

  private Int8Example() {}

  /**
   * Runs it.
   *
   * @param args none
   */
  public static void main(String[] args) {
    Random random = new Random(7);
    try (Session session = Backends.open("cpu");
        Arena arena = Arena.ofConfined()) {
      Matrix w = normal(arena, N, K, random);
      Matrix x = normal(arena, 1, K, random);
      Matrix y = Matrix.allocate(arena, 1, N, DType.BF16);
      Matrix exact = Matrix.allocate(arena, 1, N, DType.BF16);
      // @start region="int8"
      Compressed24 sparse = Compressed24.allocate(arena, N, K, DType.BF16);
      Pruner.magnitude().prune(session, w, sparse);
      Matrix q = Matrix.allocate(arena, N, K / 2, DType.I8); // and a scale a row
      session.quantize(sparse.values(), q);
      try (Sparse24Matrix int8 = Sparse24Matrix.of(session, new Compressed24(q, sparse.mask()))) {
        int8.multiply(x, y); // x and y are BF16; or x is I8 with row scales too
        System.out.println("from " + int8.byteSize() + " bytes");
      }
      // @end
      try (Sparse24Matrix bf16 = Sparse24Matrix.of(session, sparse)) {
        bf16.multiply(x, exact);
        System.out.println("instead of " + bf16.byteSize());
      }
      System.out.printf("error: %.3f%n", error(exact, y));
    }
  }

  private static double error(Matrix exact, Matrix y) {
    double difference = 0;
    double norm = 0;
    for (long j = 0; j < y.cols(); j++) {
      difference += Math.pow(y.get(0, j) - exact.get(0, j), 2);
      norm += Math.pow(exact.get(0, j), 2);
    }
    return Math.sqrt(difference / norm);
  }

  private static Matrix normal(Arena arena, long rows, long cols, Random random) {
    Matrix matrix = Matrix.allocate(arena, rows, cols, DType.BF16);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < cols; j++) {
        matrix.set(i, j, (float) random.nextGaussian());
      }
    }
    return matrix;
  }
}
