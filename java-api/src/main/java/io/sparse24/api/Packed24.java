package io.sparse24.api;

import java.lang.foreign.MemorySegment;

/**
 * A 2:4 weight in a layout of one backend's own, made by {@link Session#pack24} and good for
 * sessions of that backend only. {@link Session#unpack24} gives the canonical form back, bit for
 * bit.
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

  Packed24(Buffer buffer, long bytes, long n, long k, DType dtype, int layout, String backend) {
    this.buffer = buffer;
    this.pointer = buffer.pointer(0, bytes);
    this.bytes = bytes;
    this.n = n;
    this.k = k;
    this.dtype = dtype;
    this.layout = layout;
    this.backend = backend;
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
   * Size.
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
