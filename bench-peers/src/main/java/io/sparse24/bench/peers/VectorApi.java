package io.sparse24.bench.peers;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;
import java.lang.foreign.MemorySegment;

/** A dense product in Java alone: what the JDK's Vector API gives by itself. */
public final class VectorApi implements Peer {
  /** Rows of W that stay in the second-level cache while X passes. */
  static final int BLOCK = 32;

  /** For ServiceLoader. */
  public VectorApi() {
    VectorDot.SPECIES.length();
  }

  @Override
  public String name() {
    return "Vector API";
  }

  @Override
  public String version() {
    return "Java " + Runtime.version();
  }

  @Override
  public boolean multiplies(DType dtype, long k) {
    return dtype == DType.F32;
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    int n = Math.toIntExact(w.rows());
    int k = Math.toIntExact(w.cols());
    Workers workers = new Workers(threads);
    return new CopiedWeights(x, w, copies) {
      private final VectorDot dot =
          new VectorDot(x.segment(), y().segment(), Math.toIntExact(x.rows()), n, k, 4L * k);

      @Override
      void multiply(MemorySegment weight) {
        workers.split(
            n,
            BLOCK,
            (from, to) -> {
              for (int j = from; j < to; j += BLOCK) {
                dot.multiply(weight, 4L * j * k, j, Math.min(BLOCK, to - j));
              }
            });
      }

      @Override
      public void close() {
        workers.close();
        super.close();
      }
    };
  }
}
