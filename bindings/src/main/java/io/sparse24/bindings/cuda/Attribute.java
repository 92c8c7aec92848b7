package io.sparse24.bindings.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The value of an attribute, in the type that the library documents for it: libraries take its
 * bytes and refuse a wrong number of them.
 */
public final class Attribute {
  private static final ValueLayout.OfLong LITTLE_ENDIAN =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int bytes;
  private final long value;

  private Attribute(int bytes, long value) {
    this.bytes = bytes;
    this.value = value;
  }

  /**
   * One of C's {@code int8_t}.
   *
   * @param value the value
   * @return the attribute
   */
  public static Attribute int8(byte value) {
    return new Attribute(Byte.BYTES, value);
  }

  /**
   * One of C's {@code int}, {@code int32_t}, {@code uint32_t} or an enum.
   *
   * @param value the value
   * @return the attribute
   */
  public static Attribute int32(int value) {
    return new Attribute(Integer.BYTES, value);
  }

  /**
   * One of C's {@code int64_t}, {@code uint64_t} or {@code size_t}.
   *
   * @param value the value
   * @return the attribute
   */
  public static Attribute int64(long value) {
    return new Attribute(Long.BYTES, value);
  }

  /**
   * An address. Only the number is handed over: the memory must stay as long as it is used.
   *
   * @param memory the memory, null allowed
   * @return the attribute
   */
  public static Attribute address(MemorySegment memory) {
    return new Attribute(Long.BYTES, memory.address());
  }

  /** The value's bytes as C sees them. */
  MemorySegment in(SegmentAllocator allocator) {
    MemorySegment data = allocator.allocate(LITTLE_ENDIAN);
    data.set(LITTLE_ENDIAN, 0, value);
    return data.asSlice(0, bytes);
  }
}
