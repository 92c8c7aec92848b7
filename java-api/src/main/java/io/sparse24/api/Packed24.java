package io.sparse24.api;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A 2:4 weight in a layout of one backend's own, made by {@link Session#pack24} and good for
 * sessions of that backend only. {@link Session#unpack24} gives the canonical form back, bit for
 * bit. The row scales of a weight of a scaled type are not packed but looked at where they were.
 */
public final class Packed24 {
  private final Buffer buffer;
  private final MemorySegment pointer;
  private final long bytes;
  private final long n;
  private final long k;
  private final DType dtype;
  private final int layout;
  private final String backend;
  private final @Nullable Matrix rowScales;

  Packed24(
      Buffer buffer,
      long bytes,
      long n,
      long k,
      DType dtype,
      int layout,
      String backend,
      @Nullable Matrix rowScales) {
    this.buffer = buffer;
    this.pointer = buffer.pointer(0, bytes);
    this.bytes = bytes;
    this.n = n;
    this.k = k;
    this.dtype = dtype;
    this.layout = layout;
    this.backend = backend;
    this.rowScales = rowScales;
  }

  /** What the layout takes of the buffer, also on a device. */
  long extentBytes() {
    return bytes;
  }

  /**
   * Outputs.
   *
   * @return n
   */
  public long n() {
    return n;
  }

  /**
   * Inputs.
   *
   * @return k
   */
  public long k() {
    return k;
  }

  /**
   * Element type.
   *
   * @return the type of the values
   */
  public DType dtype() {
    return dtype;
  }

  /**
   * The backend's number of the layout.
   *
   * @return as in the backend's list of kernels
   */
  public int layout() {
    return layout;
  }

  /**
   * The backend that reads it.
   *
   * @return its name
   */
  public String backend() {
    return backend;
  }

  /**
   * The scales of the rows, as the values had them when they were packed.
   *
   * @return {@code [1, n]} F32, or null if there are none
   */
  public @Nullable Matrix rowScales() {
    return rowScales;
  }

  /**
   * Size, without row scales.
   *
   * @return bytes
   */
  public long byteSize() {
    return buffer.byteSize();
  }

  /**
   * The memory it is in.
   *
   * @return the buffer given to {@link Session#pack24}
   */
  public Buffer buffer() {
    return buffer;
  }

  /**
   * The packed bytes; of length 0 where they are on a device.
   *
   * @return the segment that crosses the boundary
   */
  public MemorySegment segment() {
    return pointer;
  }
}
