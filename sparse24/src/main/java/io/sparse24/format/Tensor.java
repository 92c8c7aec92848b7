package io.sparse24.format;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A tensor in a mapped file: its bytes without a copy, valid until the file is closed. */
public final class Tensor {
  /** The largest a {@link Matrix} takes; empty tensors can say more. */
  static final long MAX_EXTENT = 1L << 40;

  private final Path file;
  private final TensorInfo info;
  private final MemorySegment segment;

  Tensor(Path file, TensorInfo info, MemorySegment segment) {
    this.file = file;
    this.info = info;
    this.segment = segment;
  }

  /**
   * Name, type and shape.
   *
   * @return the info
   */
  public TensorInfo info() {
    return info;
  }

  /**
   * Its name.
   *
   * @return the name
   */
  public String name() {
    return info.name();
  }

  /**
   * The file it is in.
   *
   * @return the path
   */
  public Path file() {
    return file;
  }

  /**
   * Its bytes, mapped read-only.
   *
   * @return the segment
   */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Whether {@link #matrix()} can give it without a copy, alignment aside: one or two extents, F32,
   * BF16 or F16.
   *
   * @return true if so
   */
  public boolean isMatrix() {
    return info.type().dtype() != null && (info.shape().size() == 2 || info.shape().size() == 1);
  }

  /**
   * The tensor as a matrix without a copy; one extent gives one row.
   *
   * @return a view of the mapped file
   * @throws FormatException if it is no matrix of F32, BF16 or F16, or the file does not align it
   */
  public Matrix matrix() throws FormatException {
    DType dtype = matrixType();
    if (segment.byteSize() > 0 && segment.address() % dtype.bytes() != 0) {
      throw new FormatException(
          file,
          name(),
          "the file places it at an address that is no multiple of "
              + dtype.bytes()
              + "; use matrix(Arena), which copies it");
    }
    return Matrix.of(segment, rows(), cols(), dtype);
  }

  /**
   * The tensor as a matrix: without a copy if the file aligns it, else copied.
   *
   * @param arena holds the copy
   * @return the matrix
   * @throws FormatException if it is no matrix of F32, BF16 or F16
   */
  public Matrix matrix(Arena arena) throws FormatException {
    DType dtype = matrixType();
    if (segment.byteSize() == 0 || segment.address() % dtype.bytes() == 0) {
      return matrix();
    }
    Matrix copy = Matrix.allocate(arena, rows(), cols(), dtype);
    copy.segment().copyFrom(segment);
    return copy;
  }

  private DType matrixType() throws FormatException {
    DType dtype = info.type().dtype();
    if (dtype == null || !isMatrix() || rows() > MAX_EXTENT || cols() > MAX_EXTENT) {
      throw new FormatException(
          file,
          name(),
          "is " + info.type() + " " + info.shapeText() + ", must be a matrix of F32, BF16 or F16");
    }
    return dtype;
  }

  private long rows() {
    return info.shape().size() == 2 ? info.shape().get(0) : 1;
  }

  private long cols() {
    return info.shape().getLast();
  }
}
