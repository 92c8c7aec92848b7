package io.sparse24.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/** Numbers of rows, such as tokens: I32, one after the other, in host or device memory. */
public final class Ids {
  private final Buffer buffer;
  private final MemorySegment pointer;
  private final long count;

  private Ids(Buffer buffer, long offset, long count) {
    this.buffer = Objects.requireNonNull(buffer, "buffer");
    this.count = Checks.extent("count", count);
    if (offset < 0 || offset % Integer.BYTES != 0) {
      throw new IllegalArgumentException(
          "offset: is " + offset + ", must be a multiple of 4, at least 0 (bytes)");
    }
    long bytes = count * Integer.BYTES;
    if (bytes > buffer.byteSize() - offset) {
      throw new IllegalArgumentException(
          "buffer: has "
              + (buffer.byteSize() - offset)
              + " bytes behind offset "
              + offset
              + ", "
              + count
              + " ids need "
              + bytes);
    }
    this.pointer = buffer.pointer(offset, bytes);
    if (pointer.address() % Integer.BYTES != 0) {
      throw new IllegalArgumentException("buffer: its address must be a multiple of 4 for ids");
    }
  }

  /**
   * A view.
   *
   * @param buffer host or device memory
   * @param offset of the first id, in bytes; a multiple of 4
   * @param count how many
   * @return ids in that memory
   */
  public static Ids of(Buffer buffer, long offset, long count) {
    return new Ids(buffer, offset, count);
  }

  /**
   * New host memory, all 0.
   *
   * @param arena owns it
   * @param count how many
   * @return ids
   */
  public static Ids allocate(Arena arena, long count) {
    return new Ids(
        HostBuffer.allocate(arena, Checks.extent("count", count) * Integer.BYTES), 0, count);
  }

  /**
   * How many.
   *
   * @return the count
   */
  public long count() {
    return count;
  }

  /**
   * The memory that holds them.
   *
   * @return host or device memory
   */
  public Buffer buffer() {
    return buffer;
  }

  /**
   * The first id; of a device a segment that can't be read.
   *
   * @return its address as a segment
   */
  public MemorySegment segment() {
    return pointer;
  }

  /**
   * An id in host memory.
   *
   * @param index from 0
   * @return the id
   */
  public int get(long index) {
    return pointer.get(ValueLayout.JAVA_INT, at(index));
  }

  /**
   * Writes an id in host memory.
   *
   * @param index from 0
   * @param id the id
   */
  public void set(long index, int id) {
    pointer.set(ValueLayout.JAVA_INT, at(index), id);
  }

  private long at(long index) {
    if (buffer instanceof DeviceBuffer) {
      throw new IllegalStateException("these ids are on a device; copy them to the host first");
    }
    return Objects.checkIndex(index, count) * Integer.BYTES;
  }

  /** Count and place, for messages. */
  @Override
  public String toString() {
    return count + " ids" + (buffer instanceof DeviceBuffer ? " (device)" : "");
  }
}
