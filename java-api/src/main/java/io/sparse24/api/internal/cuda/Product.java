package io.sparse24.api.internal.cuda;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bindings.cudart.CudartConstants;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a plan is made for: types, extents, strides, and how far addresses are aligned. The result
 * is Y, or sums of eight-bit elements without their scales. It can be filled in anew, so that a
 * lookup makes nothing on the heap.
 */
final class Product {
  /** More than this is of no use to an algorithm. */
  private static final long MOST_ALIGNED = 256;

  private static final DType[] TYPES = DType.values();

  /** As a result's type: I32 for sums of I8, F32 for those of E4M3. */
  private static final int SUMS = -1;

  private static final int SUM_BYTES = 4;

  private final long[] facts = new long[14];

  Product() {}

  private Product(Product other) {
    System.arraycopy(other.facts, 0, facts, 0, facts.length);
  }

  /** Of W's address only where W is dense; {@code bias} is whether the epilogue adds one. */
  Product set(Matrix x, MemorySegment w, long wStride, @Nullable Matrix c, Matrix y, boolean bias) {
    Matrix addend = c == null ? y : c;
    int bytes = y.dtype().bytes();
    operands(x, w, wStride, y.cols());
    facts[6] = addend.rowStride();
    facts[7] = y.rowStride();
    facts[10] = aligned(addend.segment(), addend.rowStride() * bytes);
    facts[11] = aligned(y.segment(), y.rowStride() * bytes);
    facts[12] = bias ? 1 : 0;
    facts[13] = y.dtype().ordinal();
    return this;
  }

  /** Whose result is sums, with rows next to each other, in a session's workspace. */
  Product setSums(Matrix x, MemorySegment w, long wStride, long n) {
    operands(x, w, wStride, n);
    facts[6] = n;
    facts[7] = n;
    facts[10] = Long.lowestOneBit(n * SUM_BYTES | MOST_ALIGNED);
    facts[11] = facts[10];
    facts[12] = 0;
    facts[13] = SUMS;
    return this;
  }

  private void operands(Matrix x, MemorySegment w, long wStride, long n) {
    int bytes = x.dtype().bytes();
    facts[0] = x.dtype().ordinal();
    facts[1] = x.rows();
    facts[2] = n;
    facts[3] = x.cols();
    facts[4] = x.rowStride();
    facts[5] = wStride;
    facts[8] = aligned(x.segment(), x.rowStride() * bytes);
    facts[9] = aligned(w, wStride * bytes);
  }

  /** With rows next to each other, of memory that is not known yet. */
  Product set(DType dtype, long m, long n, long k) {
    long result = dtype.scaled() ? SUMS : dtype.ordinal();
    long[] known = {dtype.ordinal(), m, n, k, k, k, n, n, 16, 16, 16, 16, 0, result};
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

  /** Of X and W. */
  DType dtype() {
    return TYPES[(int) facts[0]];
  }

  /** Whether scales are left to a pass behind it. */
  boolean sums() {
    return facts[13] == SUMS;
  }

  /** Of the result, as CUDA numbers types. */
  int resultType() {
    if (!sums()) {
      return cudaType(TYPES[(int) facts[13]]);
    }
    return dtype() == DType.I8 ? CudartConstants.CUDA_R_32I() : CudartConstants.CUDA_R_32F();
  }

  /** Of X and W, as CUDA numbers types. */
  int operandType() {
    return cudaType(dtype());
  }

  private static int cudaType(DType dtype) {
    return switch (dtype) {
      case F32 -> CudartConstants.CUDA_R_32F();
      case BF16 -> CudartConstants.CUDA_R_16BF();
      case F16 -> CudartConstants.CUDA_R_16F();
      case I8 -> CudartConstants.CUDA_R_8I();
      case F8_E4M3 -> CudartConstants.CUDA_R_8F_E4M3();
    };
  }

  /** From the result's first byte to its last. */
  long resultBytes() {
    int bytes = sums() ? SUM_BYTES : TYPES[(int) facts[13]].bytes();
    return ((m() - 1) * yStride() + n()) * bytes;
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
        + (sums() ? " sums" : facts[13] == facts[0] ? "" : " to " + TYPES[(int) facts[13]].id())
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
