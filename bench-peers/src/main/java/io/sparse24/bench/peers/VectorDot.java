package io.sparse24.bench.peers;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Products of rows of X with rows of W, F32, in tiles of four by four sums. */
final class VectorDot {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private static final int LANES = SPECIES.length();
  private static final int TILE = 4;

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
    for (int i = 0; i < m; i += TILE) {
      for (int j = 0; j < rows; j += TILE) {
        if (i + TILE <= m && j + TILE <= rows) {
          tile(w, offset + j * wRow, i, first + j);
          continue;
        }
        for (int r = i; r < Math.min(i + TILE, m); r++) {
          if (j + TILE <= rows) {
            row(w, offset + j * wRow, r, first + j);
            continue;
          }
          for (int c = j; c < rows; c++) {
            put(r, first + c, dot(w, offset + c * wRow, r));
          }
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
    long end = 4L * SPECIES.loopBound(k);
    for (long p = 0; p < end; p += 4L * LANES) {
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

  /** Four rows of X with four of W: eight loads for sixteen multiplications. */
  private void tile(MemorySegment w, long w0, int i, int j) {
    long xRow = 4L * k;
    long x0 = i * xRow;
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = s00;
    FloatVector s02 = s00;
    FloatVector s03 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s12 = s00;
    FloatVector s13 = s00;
    FloatVector s20 = s00;
    FloatVector s21 = s00;
    FloatVector s22 = s00;
    FloatVector s23 = s00;
    FloatVector s30 = s00;
    FloatVector s31 = s00;
    FloatVector s32 = s00;
    FloatVector s33 = s00;
    long end = 4L * SPECIES.loopBound(k);
    for (long p = 0; p < end; p += 4L * LANES) {
      FloatVector a0 = load(x, x0 + p);
      FloatVector a1 = load(x, x0 + xRow + p);
      FloatVector a2 = load(x, x0 + 2 * xRow + p);
      FloatVector a3 = load(x, x0 + 3 * xRow + p);
      FloatVector b0 = load(w, w0 + p);
      s00 = a0.fma(b0, s00);
      s10 = a1.fma(b0, s10);
      s20 = a2.fma(b0, s20);
      s30 = a3.fma(b0, s30);
      FloatVector b1 = load(w, w0 + wRow + p);
      s01 = a0.fma(b1, s01);
      s11 = a1.fma(b1, s11);
      s21 = a2.fma(b1, s21);
      s31 = a3.fma(b1, s31);
      FloatVector b2 = load(w, w0 + 2 * wRow + p);
      s02 = a0.fma(b2, s02);
      s12 = a1.fma(b2, s12);
      s22 = a2.fma(b2, s22);
      s32 = a3.fma(b2, s32);
      FloatVector b3 = load(w, w0 + 3 * wRow + p);
      s03 = a0.fma(b3, s03);
      s13 = a1.fma(b3, s13);
      s23 = a2.fma(b3, s23);
      s33 = a3.fma(b3, s33);
    }
    put(w, w0, i, j, s00, s01, s02, s03);
    put(w, w0, i + 1, j, s10, s11, s12, s13);
    put(w, w0, i + 2, j, s20, s21, s22, s23);
    put(w, w0, i + 3, j, s30, s31, s32, s33);
  }

  private void put(
      MemorySegment w,
      long w0,
      int i,
      int j,
      FloatVector s0,
      FloatVector s1,
      FloatVector s2,
      FloatVector s3) {
    put(i, j, sum(s0) + tail(w, w0, i));
    put(i, j + 1, sum(s1) + tail(w, w0 + wRow, i));
    put(i, j + 2, sum(s2) + tail(w, w0 + 2 * wRow, i));
    put(i, j + 3, sum(s3) + tail(w, w0 + 3 * wRow, i));
  }
}
