package io.sparse24.api;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The element types of matrices. Sums are in F32 for all of them. */
public enum DType {
  /** IEEE 754 single precision. */
  F32(4),
  /** The upper half of F32. */
  BF16(2),
  /** IEEE 754 half precision. */
  F16(2);

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * Size of an element.
   *
   * @return 4 or 2
   */
  public int bytes() {
    return bytes;
  }

  /**
   * Reads one element; exact for every type.
   *
   * @param segment the memory
   * @param offset byte offset of the element
   * @return its value
   */
  public float get(MemorySegment segment, long offset) {
    return switch (this) {
      case F32 -> segment.get(FLOAT, offset);
      case BF16 -> Float.intBitsToFloat(segment.get(SHORT, offset) << 16);
      case F16 -> Float.float16ToFloat(segment.get(SHORT, offset));
    };
  }

  /**
   * Writes one element, rounded to nearest even.
   *
   * @param segment the memory
   * @param offset byte offset of the element
   * @param value its value
   */
  public void set(MemorySegment segment, long offset, float value) {
    switch (this) {
      case F32 -> segment.set(FLOAT, offset, value);
      case BF16 -> segment.set(SHORT, offset, toBFloat16(value));
      case F16 -> segment.set(SHORT, offset, Float.floatToFloat16(value));
    }
  }

  /**
   * The distance from 1 to the next larger value.
   *
   * @return 2⁻²³, 2⁻⁷ or 2⁻¹⁰
   */
  public double epsilon() {
    return switch (this) {
      case F32 -> 0x1p-23;
      case BF16 -> 0x1p-7;
      case F16 -> 0x1p-10;
    };
  }

  private static short toBFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
