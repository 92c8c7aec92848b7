package io.sparse24.bench.peers;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Products of rows of X with rows of W, F32, in tiles of two by four sums. */
final class VectorDot {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private static final int LANES = SPECIES.length();
  private static final int X_TILE = 2;
  private static final int W_TILE = 4;

  private final MemorySegment x;
  private final MemorySegment y;
  private final int m;
  private final int n;
  private final int k;

  /** From one row of W to the next, bytes. */
  private final long wRow;

  VectorDot(MemorySegment x, MemorySegment y, int m, int n, int k, long wRow) {
    this.x = x;
    this.y = y;
    this.m = m;
    this.n = n;
    this.k = k;
    this.wRow = wRow;
  }

  /** Columns {@code first} to {@code first + rows} of Y, from rows of W that start at an offset. */
  void multiply(MemorySegment w, long offset, int first, int rows) {
    for (int i = 0; i < m; i += X_TILE) {
      boolean both = i + X_TILE <= m;
      for (int j = 0; j < rows; j += W_TILE) {
        if (j + W_TILE > rows) {
          for (int r = i; r < Math.min(i + X_TILE, m); r++) {
            for (int c = j; c < rows; c++) {
              put(r, first + c, dot(w, offset + c * wRow, r));
            }
          }
        } else if (both) {
          tile(w, offset + j * wRow, i, first + j);
        } else {
          row(w, offset + j * wRow, i, first + j);
        }
      }
    }
  }

  private void put(int i, int j, float value) {
    y.set(FLOAT, 4 * ((long) i * n + j), value);
  }

  private static FloatVector load(MemorySegment segment, long offset) {
    return FloatVector.fromMemorySegment(SPECIES, segment, offset, ORDER);
  }

  private static float sum(FloatVector v) {
    return v.reduceLanes(VectorOperators.ADD);
  }

  /** The columns behind the last full vector. */
  private float tail(MemorySegment w, long wOffset, int i) {
    int done = SPECIES.loopBound(k);
    if (done == k) {
      return 0;
    }
    VectorMask<Float> rest = SPECIES.indexInRange(done, k);
    FloatVector a =
        FloatVector.fromMemorySegment(SPECIES, x, 4 * ((long) i * k + done), ORDER, rest);
    FloatVector b = FloatVector.fromMemorySegment(SPECIES, w, wOffset + 4L * done, ORDER, rest);
    return sum(a.mul(b));
  }

  private float dot(MemorySegment w, long wOffset, int i) {
    FloatVector s = FloatVector.zero(SPECIES);
    long xOffset = 4L * i * k;
    for (int p = 0; p < SPECIES.loopBound(k); p += LANES) {
      s = load(x, xOffset + 4L * p).fma(load(w, wOffset + 4L * p), s);
    }
    return sum(s) + tail(w, wOffset, i);
  }

  /** One row of X with four of W. */
  private void row(MemorySegment w, long w0, int i, int j) {
    long w1 = w0 + wRow;
    long w2 = w1 + wRow;
    long w3 = w2 + wRow;
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long xOffset = 4L * i * k;
    int end = SPECIES.loopBound(k);
    for (int c = 0; c < end; c += LANES) {
      long p = 4L * c;
      FloatVector a = load(x, xOffset + p);
      s0 = a.fma(load(w, w0 + p), s0);
      s1 = a.fma(load(w, w1 + p), s1);
      s2 = a.fma(load(w, w2 + p), s2);
      s3 = a.fma(load(w, w3 + p), s3);
    }
    put(i, j, sum(s0) + tail(w, w0, i));
    put(i, j + 1, sum(s1) + tail(w, w1, i));
    put(i, j + 2, sum(s2) + tail(w, w2, i));
    put(i, j + 3, sum(s3) + tail(w, w3, i));
  }

  /** Two rows of X with four of W: six loads for eight multiplications. */
  private void tile(MemorySegment w, long w0, int i, int j) {
    long w1 = w0 + wRow;
    long w2 = w1 + wRow;
    long w3 = w2 + wRow;
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector t0 = s0;
    FloatVector t1 = s0;
    FloatVector t2 = s0;
    FloatVector t3 = s0;
    long x0 = 4L * i * k;
    long x1 = x0 + 4L * k;
    int end = SPECIES.loopBound(k);
    for (int c = 0; c < end; c += LANES) {
      long p = 4L * c;
      FloatVector a = load(x, x0 + p);
      FloatVector b = load(x, x1 + p);
      FloatVector v = load(w, w0 + p);
      s0 = a.fma(v, s0);
      t0 = b.fma(v, t0);
      v = load(w, w1 + p);
      s1 = a.fma(v, s1);
      t1 = b.fma(v, t1);
      v = load(w, w2 + p);
      s2 = a.fma(v, s2);
      t2 = b.fma(v, t2);
      v = load(w, w3 + p);
      s3 = a.fma(v, s3);
      t3 = b.fma(v, t3);
    }
    put(i, j, sum(s0) + tail(w, w0, i));
    put(i, j + 1, sum(s1) + tail(w, w1, i));
    put(i, j + 2, sum(s2) + tail(w, w2, i));
    put(i, j + 3, sum(s3) + tail(w, w3, i));
    put(i + 1, j, sum(t0) + tail(w, w0, i + 1));
    put(i + 1, j + 1, sum(t1) + tail(w, w1, i + 1));
    put(i + 1, j + 2, sum(t2) + tail(w, w2, i + 1));
    put(i + 1, j + 3, sum(t3) + tail(w, w3, i + 1));
  }
}
