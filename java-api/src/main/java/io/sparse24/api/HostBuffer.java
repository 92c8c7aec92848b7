package io.sparse24.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Off-heap host memory, given by the caller: an arena's, or a memory-mapped file's; or a {@link
 * PinnedBuffer}.
 */
public sealed class HostBuffer extends Buffer permits PinnedBuffer {
  private static final long HUGE_PAGE = 2L << 20;

  private final MemorySegment segment;

  HostBuffer(MemorySegment segment) {
    this.segment = segment;
  }

  /**
   * Wraps memory without copying it.
   *
   * @param segment a native or memory-mapped segment; it must stay open as long as the buffer is
   *     used
   * @return the buffer
   * @throws IllegalArgumentException if the segment is on the Java heap
   */
  public static HostBuffer wrap(MemorySegment segment) {
    Objects.requireNonNull(segment, "segment");
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "segment: is on the Java heap, must be off-heap (an Arena's or a mapped file's)");
    }
    return new HostBuffer(segment);
  }

  /**
   * Allocates zeroed memory, aligned to at least 64 bytes.
   *
   * @param arena frees it
   * @param bytes size, at least 0
   * @return the buffer
   */
  public static HostBuffer allocate(Arena arena, long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: is " + bytes + ", must be at least 0");
    }
    // So that all of a packed weight can lie in huge pages, which the CPU's pack24 asks for.
    long alignment = bytes >= 4 * HUGE_PAGE ? HUGE_PAGE : 64;
    return new HostBuffer(arena.allocate(bytes, alignment));
  }

  /**
   * The memory.
   *
   * @return the segment that was wrapped
   */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public long byteSize() {
    return segment.byteSize();
  }

  @Override
  void requireOpen() {
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the memory of this host buffer is closed");
    }
  }

  @Override
  MemorySegment pointer(long offset, long bytes) {
    return segment.asSlice(offset, bytes);
  }
}
