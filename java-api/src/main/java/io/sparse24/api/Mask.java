package io.sparse24.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Which elements of a weight {@code [n, k]} are kept: one bit an element, row-major, least
 * significant bit first, {@code ceil(k / 8)} bytes a row; unused bits of the last byte are 0.
 */
public final class Mask {
  private final Buffer buffer;
  private final MemorySegment pointer;
  private final long rows;
  private final long cols;
  private final long rowStride;

  private Mask(Buffer buffer, long offset, long rows, long cols, long rowStride) {
    this.buffer = Objects.requireNonNull(buffer, "buffer");
    this.rows = Checks.extent("rows", rows);
    this.cols = Checks.extent("cols", cols);
    this.rowStride = Checks.extent("rowStride", rowStride);
    long rowBytes = rowBytes(cols);
    if (rowStride < rowBytes) {
      throw new IllegalArgumentException(
          "rowStride: is "
              + rowStride
              + ", must be at least ceil(cols / 8) = "
              + rowBytes
              + " (bytes)");
    }
    if (offset < 0) {
      throw new IllegalArgumentException("offset: is " + offset + ", must be at least 0 (bytes)");
    }
    long bytes = Checks.bytes("rows, rowStride", rows, rowStride, rowBytes);
    if (bytes > buffer.byteSize() - offset) {
      throw new IllegalArgumentException(
          "buffer: has "
              + (buffer.byteSize() - offset)
              + " bytes behind offset "
              + offset
              + ", a mask of "
              + rows
              + " x "
              + cols
              + " with row stride "
              + rowStride
              + " needs "
              + bytes);
    }
    this.pointer = buffer.pointer(offset, bytes);
  }

  /**
   * Bytes of one row.
   *
   * @param cols number of columns
   * @return ceil(cols / 8)
   */
  public static long rowBytes(long cols) {
    return (cols + 7) / 8;
  }

  /**
   * A view with rows that follow each other without a gap.
   *
   * @param segment off-heap memory
   * @param rows number of rows
   * @param cols number of columns
   * @return the view
   */
  public static Mask of(MemorySegment segment, long rows, long cols) {
    return new Mask(HostBuffer.wrap(segment), 0, rows, cols, rowBytes(cols));
  }

  /**
   * A view of part of a buffer.
   *
   * @param buffer host or device memory
   * @param offset where the mask starts, bytes
   * @param rows number of rows
   * @param cols number of columns
   * @param rowStride from one row to the next, bytes
   * @return the view
   */
  public static Mask of(Buffer buffer, long offset, long rows, long cols, long rowStride) {
    return new Mask(buffer, offset, rows, cols, rowStride);
  }

  /**
   * Allocates an empty host mask.
   *
   * @param arena frees it
   * @param rows number of rows
   * @param cols number of columns
   * @return the mask
   */
  public static Mask allocate(Arena arena, long rows, long cols) {
    long bytes = bytes(rows, cols);
    return new Mask(HostBuffer.allocate(arena, bytes), 0, rows, cols, rowBytes(cols));
  }

  /** Bytes of a mask with rows that follow each other without a gap. */
  static long bytes(long rows, long cols) {
    long row = rowBytes(Checks.extent("cols", cols));
    return Checks.bytes("rows, cols", Checks.extent("rows", rows), row, row);
  }

  /** The bytes from the first to the last, also on a device. */
  long extentBytes() {
    return rows == 0 || cols == 0 ? 0 : (rows - 1) * rowStride + rowBytes(cols);
  }

  /**
   * Number of rows.
   *
   * @return n
   */
  public long rows() {
    return rows;
  }

  /**
   * Number of columns.
   *
   * @return k
   */
  public long cols() {
    return cols;
  }

  /**
   * Distance from one row to the next.
   *
   * @return bytes
   */
  public long rowStride() {
    return rowStride;
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
   * The bytes from the first to the last; of length 0 where the mask is on a device.
   *
   * @return the segment that crosses the boundary
   */
  public MemorySegment segment() {
    return pointer;
  }

  /**
   * Whether an element is kept.
   *
   * @param row its row
   * @param col its column
   * @return its bit
   */
  public boolean get(long row, long col) {
    long at = index(row, col);
    return (pointer.get(ValueLayout.JAVA_BYTE, at) >> (col % 8) & 1) != 0;
  }

  /**
   * Sets or clears an element's bit.
   *
   * @param row its row
   * @param col its column
   * @param kept the bit
   */
  public void set(long row, long col, boolean kept) {
    long at = index(row, col);
    int bit = 1 << (col % 8);
    int old = pointer.get(ValueLayout.JAVA_BYTE, at);
    pointer.set(ValueLayout.JAVA_BYTE, at, (byte) (kept ? old | bit : old & ~bit));
  }

  private long index(long row, long col) {
    if (buffer instanceof DeviceBuffer) {
      throw new IllegalStateException("this mask is on a device; copy it to the host first");
    }
    Objects.checkIndex(row, rows);
    Objects.checkIndex(col, cols);
    return row * rowStride + col / 8;
  }

  /** Shape and place, for messages. */
  @Override
  public String toString() {
    return "mask of " + rows + " x " + cols + (buffer instanceof DeviceBuffer ? " (device)" : "");
  }
}
