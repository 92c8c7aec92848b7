package io.sparse24.api;

import java.lang.foreign.MemorySegment;

/**
 * Memory of an accelerator, allocated by {@link Session#allocateDevice}. Closing its session frees
 * it too.
 */
public final class DeviceBuffer extends Buffer implements AutoCloseable {
  private final DeviceMemory memory;
  private final long address;
  private final long bytes;
  private volatile boolean closed;

  DeviceBuffer(DeviceMemory memory, long address, long bytes) {
    this.memory = memory;
    this.address = address;
    this.bytes = bytes;
  }

  @Override
  public long byteSize() {
    return bytes;
  }

  DeviceMemory memory() {
    return memory;
  }

  long address() {
    if (closed) {
      throw new IllegalStateException("this device buffer is closed");
    }
    return address;
  }

  @Override
  void requireOpen() {
    address();
  }

  @Override
  MemorySegment pointer(long offset, long length) {
    return MemorySegment.ofAddress(address() + offset);
  }

  /** Within the session's turn, so that no operation is between looking here and its end. */
  void markClosed() {
    closed = true;
  }

  /** Frees the memory once the work queued before is done. A second call does nothing. */
  @Override
  public void close() {
    memory.free(this);
  }
}
