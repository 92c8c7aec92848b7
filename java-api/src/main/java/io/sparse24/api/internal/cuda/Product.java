package io.sparse24.api.internal.cuda;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a plan is made for: type, extents, strides, and how far addresses are aligned. It can be
 * filled in anew, so that a lookup makes nothing on the heap.
 */
final class Product {
  /** More than this is of no use to an algorithm. */
  private static final long MOST_ALIGNED = 256;

  private final long[] facts = new long[13];

  Product() {}

  private Product(Product other) {
    System.arraycopy(other.facts, 0, facts, 0, facts.length);
  }

  /** Of W's address only where W is dense; {@code bias} is whether the epilogue adds one. */
  Product set(Matrix x, MemorySegment w, long wStride, @Nullable Matrix c, Matrix y, boolean bias) {
    Matrix addend = c == null ? y : c;
    int bytes = y.dtype().bytes();
    facts[0] = y.dtype().ordinal();
    facts[1] = y.rows();
    facts[2] = y.cols();
    facts[3] = x.cols();
    facts[4] = x.rowStride();
    facts[5] = wStride;
    facts[6] = addend.rowStride();
    facts[7] = y.rowStride();
    facts[8] = aligned(x.segment(), x.rowStride() * bytes);
    facts[9] = aligned(w, wStride * bytes);
    facts[10] = aligned(addend.segment(), addend.rowStride() * bytes);
    facts[11] = aligned(y.segment(), y.rowStride() * bytes);
    facts[12] = bias ? 1 : 0;
    return this;
  }

  /** With rows next to each other, of memory that is not known yet. */
  Product set(DType dtype, long m, long n, long k) {
    long[] known = {dtype.ordinal(), m, n, k, k, k, n, n, 16, 16, 16, 16, 0};
    System.arraycopy(known, 0, facts, 0, facts.length);
    return this;
  }

  /** To how many bytes each row is aligned, a power of 2. */
  private static long aligned(MemorySegment memory, long strideBytes) {
    long all = memory.address() | strideBytes | MOST_ALIGNED;
    return all & -all;
  }

  Product copy() {
    return new Product(this);
  }

  DType dtype() {
    return DType.values()[(int) facts[0]];
  }

  long m() {
    return facts[1];
  }

  long n() {
    return facts[2];
  }

  long k() {
    return facts[3];
  }

  long xStride() {
    return facts[4];
  }

  long wStride() {
    return facts[5];
  }

  long cStride() {
    return facts[6];
  }

  long yStride() {
    return facts[7];
  }

  int xAligned() {
    return (int) facts[8];
  }

  int wAligned() {
    return (int) facts[9];
  }

  int cAligned() {
    return (int) facts[10];
  }

  int yAligned() {
    return (int) facts[11];
  }

  boolean bias() {
    return facts[12] != 0;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Product product && Arrays.equals(facts, product.facts);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(facts);
  }

  /** As a choice is kept for it. */
  @Override
  public String toString() {
    return dtype().id()
        + " m="
        + m()
        + " n="
        + n()
        + " k="
        + k()
        + " strides "
        + xStride()
        + ","
        + wStride()
        + ","
        + cStride()
        + ","
        + yStride()
        + " aligned "
        + xAligned()
        + ","
        + wAligned()
        + ","
        + cAligned()
        + ","
        + yAligned()
        + (bias() ? " bias" : "");
  }
}
