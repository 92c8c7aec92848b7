package io.sparse24.bench.peers;

import static io.sparse24.bench.peers.VectorDot.FLOAT;
import static io.sparse24.bench.peers.VectorDot.ORDER;
import static io.sparse24.bench.peers.VectorDot.SPECIES;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * A 2:4 product in Java alone. Half the values and their places are read from memory and expanded,
 * a few rows at a time, into a block that stays in the cache; that block is multiplied as a dense
 * one.
 */
public final class VectorApi24 implements Peer {
  private static final int LANES = SPECIES.length();

  /** For ServiceLoader. */
  public VectorApi24() {
    if (LANES < 4) {
      throw new UnsupportedOperationException("vectors of " + LANES + " floats are too short");
    }
  }

  @Override
  public String name() {
    return "Vector API 2:4";
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
  public boolean sparse() {
    return true;
  }

  /**
   * A packed weight; columns are padded to vectors.
   *
   * <pre>
   * masks:  n rows x a long a vector, bit i: column i of the vector is kept
   * values: n rows x half a vector's floats a vector, and a vector of padding
   * </pre>
   */
  private record Packing(int n, int k) {
    int vectors() {
      return Math.ceilDiv(k, LANES);
    }

    long mask(int row, int vector) {
      return 8 * ((long) row * vectors() + vector);
    }

    long value(int row, int vector) {
      return 8L * n * vectors() + 2L * LANES * ((long) row * vectors() + vector);
    }

    long bytes() {
      return value(n, 0) + 4L * LANES;
    }

    /** Two of each four: the ones that are not 0, filled up with the first zeros. */
    static int kept(Matrix w, long row, long group) {
      int mask = 0;
      for (int p = 0; p < 4; p++) {
        mask |= w.get(row, group + p) != 0 ? 1 << p : 0;
      }
      for (int p = 0; Integer.bitCount(mask) < 2; p++) {
        mask |= 1 << p;
      }
      if (Integer.bitCount(mask) > 2) {
        throw new IllegalArgumentException("w: row " + row + " is not 2:4 at column " + group);
      }
      return mask;
    }

    MemorySegment pack(Arena arena, Matrix w) {
      MemorySegment packed = arena.allocate(bytes(), 64);
      for (int j = 0; j < n; j++) {
        for (int g = 0; g < k; g += 4) {
          int vector = g / LANES;
          int mask = kept(w, j, g);
          long old = packed.get(ValueLayout.JAVA_LONG, mask(j, vector));
          packed.set(ValueLayout.JAVA_LONG, mask(j, vector), old | (long) mask << g % LANES);
          long at = value(j, vector) + 2L * (g % LANES);
          for (int p = 0; p < 4; p++) {
            if ((mask >> p & 1) != 0) {
              packed.set(FLOAT, at, w.get(j, g + p));
              at += 4;
            }
          }
        }
      }
      return packed;
    }

    /** Rows of the dense form, as long as vectors. */
    void expand(MemorySegment packed, int first, int rows, MemorySegment dense) {
      int vectors = vectors();
      for (int j = 0; j < rows; j++) {
        long to = 4L * j * vectors * LANES;
        long mask = mask(first + j, 0);
        long value = value(first + j, 0);
        for (int v = 0; v < vectors; v++) {
          VectorMask<Float> kept =
              VectorMask.fromLong(SPECIES, packed.get(ValueLayout.JAVA_LONG, mask + 8L * v));
          FloatVector.fromMemorySegment(SPECIES, packed, value + 2L * LANES * v, ORDER)
              .expand(kept)
              .intoMemorySegment(dense, to + 4L * LANES * v, ORDER);
        }
      }
    }
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    int n = Math.toIntExact(w.rows());
    int k = Math.toIntExact(w.cols());
    Packing packing = new Packing(n, k);
    long row = 4L * packing.vectors() * LANES;
    Workers workers = new Workers(threads);
    Arena scratch = Arena.ofAuto();
    ThreadLocal<MemorySegment> block =
        ThreadLocal.withInitial(() -> scratch.allocate(VectorApi.BLOCK * row, 64));
    try (Arena temporary = Arena.ofConfined()) {
      return new CopiedWeights(x, w, packing.pack(temporary, w), copies) {
        private final VectorDot dot =
            new VectorDot(x.segment(), y().segment(), Math.toIntExact(x.rows()), n, k, row);

        @Override
        void multiply(MemorySegment packed) {
          workers.split(
              n,
              VectorApi.BLOCK,
              (from, to) -> {
                MemorySegment dense = block.get();
                for (int j = from; j < to; j += VectorApi.BLOCK) {
                  int rows = Math.min(VectorApi.BLOCK, to - j);
                  packing.expand(packed, j, rows, dense);
                  dot.multiply(dense, 0, j, rows);
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
}
