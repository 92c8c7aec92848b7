package io.sparse24.api;

import java.lang.foreign.MemorySegment;

/**
 * Memory an operation can use: the host's or a device's. The two are different types, so that a
 * device address never becomes a readable segment.
 */
public abstract sealed class Buffer permits HostBuffer, DeviceBuffer {
  Buffer() {}

  /**
   * Size.
   *
   * @return bytes
   */
  public abstract long byteSize();

  /** Throws {@link IllegalStateException} if its memory is closed. */
  abstract void requireOpen();

  /**
   * The pointer that crosses the boundary, {@code offset} bytes in; of length 0 where it is a
   * device's.
   */
  abstract MemorySegment pointer(long offset, long bytes);
}
