package io.sparse24.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A row-major view of memory: element (r, c) is {@code r * rowStride + c} elements behind the
 * start. Copies nothing and owns nothing. A vector is a matrix of one row.
 *
 * <p>A matrix of a {@linkplain DType#scaled scaled} type may carry a scale for each row: element
 * (r, c) then stands for its value times the scale of row r. What computes with such a matrix needs
 * them ({@link Session#gemm}, {@link Session#spmm24}, {@link Session#quantize}, {@link
 * Session#cast}); what moves bits ({@link Session#gather24} and its kind) leaves them alone, and
 * {@link #get} and {@link #set} are of the element as it is stored.
 */
public final class Matrix {
  private final Buffer buffer;
  private final MemorySegment pointer;
  private final long rows;
  private final long cols;
  private final long rowStride;
  private final DType dtype;
  private final @Nullable Matrix rowScales;

  private Matrix(
      Buffer buffer,
      long offset,
      long rows,
      long cols,
      long rowStride,
      DType dtype,
      @Nullable Matrix rowScales) {
    this.buffer = Objects.requireNonNull(buffer, "buffer");
    this.dtype = Objects.requireNonNull(dtype, "dtype");
    this.rows = Checks.extent("rows", rows);
    this.cols = Checks.extent("cols", cols);
    this.rowStride = Checks.extent("rowStride", rowStride);
    if (rowStride < cols) {
      throw new IllegalArgumentException(
          "rowStride: is " + rowStride + ", must be at least cols = " + cols + " (elements)");
    }
    if (offset < 0) {
      throw new IllegalArgumentException("offset: is " + offset + ", must be at least 0 (bytes)");
    }
    long bytes =
        Checks.bytes("rows, rowStride", rows, rowStride * dtype.bytes(), cols * dtype.bytes());
    if (bytes > buffer.byteSize() - offset) {
      throw new IllegalArgumentException(
          "buffer: has "
              + (buffer.byteSize() - offset)
              + " bytes behind offset "
              + offset
              + ", a "
              + rows
              + " x "
              + cols
              + " matrix of "
              + dtype
              + " with row stride "
              + rowStride
              + " needs "
              + bytes);
    }
    this.pointer = buffer.pointer(offset, bytes);
    if (bytes > 0 && pointer.address() % dtype.bytes() != 0) {
      throw new IllegalArgumentException(
          "offset: the matrix starts at an address that is not a multiple of "
              + dtype.bytes()
              + ", the size of "
              + dtype
              + "; copy it to aligned memory");
    }
    this.rowScales = rowScales;
    if (rowScales != null) {
      if (!dtype.scaled()) {
        throw new IllegalArgumentException(
            "scales: must be null for " + dtype + ", whose elements stand for themselves");
      }
      Checks.vector("scales", rowScales, rows);
    }
  }

  /**
   * A view with rows that follow each other without a gap.
   *
   * @param segment off-heap memory
   * @param rows number of rows
   * @param cols number of columns
   * @param dtype element type
   * @return the view
   * @throws IllegalArgumentException if the segment is on the heap, too short, or not aligned to
   *     the element size
   */
  public static Matrix of(MemorySegment segment, long rows, long cols, DType dtype) {
    return new Matrix(HostBuffer.wrap(segment), 0, rows, cols, cols, dtype, null);
  }

  /**
   * A view of part of a buffer.
   *
   * @param buffer host or device memory
   * @param offset where the matrix starts, bytes
   * @param rows number of rows
   * @param cols number of columns
   * @param rowStride from one row to the next, elements
   * @param dtype element type
   * @return the view
   * @throws IllegalArgumentException if the buffer is too short, or the start not aligned to the
   *     element size
   */
  public static Matrix of(
      Buffer buffer, long offset, long rows, long cols, long rowStride, DType dtype) {
    return new Matrix(buffer, offset, rows, cols, rowStride, dtype, null);
  }

  /**
   * Allocates a zeroed host matrix, of a scaled type with row scales.
   *
   * @param arena frees it
   * @param rows number of rows
   * @param cols number of columns
   * @param dtype element type
   * @return the matrix
   */
  public static Matrix allocate(Arena arena, long rows, long cols, DType dtype) {
    long bytes = bytes(rows, cols, dtype);
    Matrix scales = dtype.scaled() ? allocate(arena, 1, rows, DType.F32) : null;
    return new Matrix(HostBuffer.allocate(arena, bytes), 0, rows, cols, cols, dtype, scales);
  }

  /**
   * The same view with a scale for each row, which is not copied either.
   *
   * @param scales {@code [1, rows]} F32
   * @return the view
   * @throws IllegalArgumentException if this type takes no scales, or they do not fit
   */
  public Matrix withRowScales(Matrix scales) {
    Objects.requireNonNull(scales, "scales");
    return new Matrix(buffer, offset(), rows, cols, rowStride, dtype, scales);
  }

  /** Bytes of a matrix with rows that follow each other without a gap. */
  static long bytes(long rows, long cols, DType dtype) {
    long row = Checks.extent("cols", cols) * dtype.bytes();
    return Checks.bytes("rows, cols", Checks.extent("rows", rows), row, row);
  }

  /** The bytes from the first element to the last, also on a device. */
  long extentBytes() {
    return rows == 0 || cols == 0 ? 0 : ((rows - 1) * rowStride + cols) * dtype.bytes();
  }

  /**
   * Rows {@code from} (inclusive) to {@code to} (exclusive) of this matrix, with their scales, as a
   * view.
   *
   * @param from first row
   * @param to row behind the last
   * @return the view
   */
  public Matrix rowSlice(long from, long to) {
    Objects.checkFromToIndex(from, to, rows);
    long offset = from == to ? 0 : offset() + from * rowStride * dtype.bytes();
    Matrix scales = rowScales == null ? null : rowScales.colSlice(from, to);
    return new Matrix(buffer, offset, to - from, cols, rowStride, dtype, scales);
  }

  private Matrix colSlice(long from, long to) {
    long offset = from == to ? 0 : offset() + from * dtype.bytes();
    return new Matrix(buffer, offset, rows, to - from, rowStride, dtype, null);
  }

  private long offset() {
    long start =
        switch (buffer) {
          case HostBuffer host -> host.segment().address();
          case DeviceBuffer device -> device.address();
        };
    return pointer.address() - start;
  }

  /**
   * Number of rows.
   *
   * @return at least 0
   */
  public long rows() {
    return rows;
  }

  /**
   * Number of columns.
   *
   * @return at least 0
   */
  public long cols() {
    return cols;
  }

  /**
   * Distance from one row to the next.
   *
   * @return elements, at least {@link #cols}
   */
  public long rowStride() {
    return rowStride;
  }

  /**
   * Element type.
   *
   * @return the type
   */
  public DType dtype() {
    return dtype;
  }

  /**
   * The scales of the rows.
   *
   * @return {@code [1, rows]} F32, or null if it has none
   */
  public @Nullable Matrix rowScales() {
    return rowScales;
  }

  /**
   * The memory behind the view.
   *
   * @return the buffer it was made from
   */
  public Buffer buffer() {
    return buffer;
  }

  /**
   * The bytes from the first element to the last; of length 0 where the matrix is on a device.
   *
   * @return the segment that crosses the boundary
   */
  public MemorySegment segment() {
    return pointer;
  }

  /**
   * Reads an element, without its row's scale. For tests and small things; not fast.
   *
   * @param row its row
   * @param col its column
   * @return the value
   * @throws IllegalStateException if the matrix is on a device
   */
  public float get(long row, long col) {
    return dtype.get(pointer, index(row, col));
  }

  /**
   * Writes an element, rounded as {@link DType#set} does. For tests and small things; not fast.
   *
   * @param row its row
   * @param col its column
   * @param value the value
   * @throws IllegalStateException if the matrix is on a device
   */
  public void set(long row, long col, float value) {
    dtype.set(pointer, index(row, col), value);
  }

  private long index(long row, long col) {
    if (buffer instanceof DeviceBuffer) {
      throw new IllegalStateException(
          "this matrix is on a device; copy it to the host first (Session.copy)");
    }
    Objects.checkIndex(row, rows);
    Objects.checkIndex(col, cols);
    return (row * rowStride + col) * dtype.bytes();
  }

  /** Shape, type and place, for messages. */
  @Override
  public String toString() {
    return rows + " x " + cols + " " + dtype + (buffer instanceof DeviceBuffer ? " (device)" : "");
  }
}
