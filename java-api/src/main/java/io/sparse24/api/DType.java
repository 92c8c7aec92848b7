package io.sparse24.api;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Locale;

/**
 * The element types of matrices. Sums are in F32, those of I8 times I8 in I32. Of a {@link #scaled}
 * type, an element stands for its value times a scale of its row ({@link Matrix#withRowScales}).
 */
public enum DType {
  /** IEEE 754 single precision. */
  F32(4),
  /** The upper half of F32. */
  BF16(2),
  /** IEEE 754 half precision. */
  F16(2),
  /** Integers from -128 to 127. */
  I8(1),
  /**
   * 8-bit floats of 4 exponent and 3 mantissa bits, bias 7: up to 448, no infinities, NaN is 0x7f
   * and 0xff (E4M3 of the OCP 8-bit Floating Point Specification).
   */
  F8_E4M3(1);

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * The name in kernel names.
   *
   * @return such as {@code bf16} or {@code e4m3}
   */
  public String id() {
    return this == F8_E4M3 ? "e4m3" : name().toLowerCase(Locale.ROOT);
  }

  /**
   * Size of an element.
   *
   * @return 4, 2 or 1
   */
  public int bytes() {
    return bytes;
  }

  /**
   * Whether elements mean nothing without a scale of their row.
   *
   * @return true for I8 and F8_E4M3
   */
  public boolean scaled() {
    return bytes == 1;
  }

  /**
   * The largest finite value, of which the negative is a value too.
   *
   * @return such as 127 or 448
   */
  public float largest() {
    return switch (this) {
      case F32 -> Float.MAX_VALUE;
      case BF16 -> 0x1.FEp127f;
      case F16 -> 65504;
      case I8 -> 127;
      case F8_E4M3 -> 448;
    };
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
      case I8 -> segment.get(BYTE, offset);
      case F8_E4M3 -> fromE4M3(segment.get(BYTE, offset));
    };
  }

  /**
   * Writes one element, rounded to nearest even. What rounds to more than the type has becomes an
   * infinity, NaN in F8_E4M3, and the nearest value in I8, where NaN becomes 0.
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
      case I8 -> segment.set(BYTE, offset, (byte) Math.clamp(Math.rint(value), -128, 127));
      case F8_E4M3 -> segment.set(BYTE, offset, toE4M3(value));
    }
  }

  /**
   * The distance from 1 to the next larger value.
   *
   * @return 2⁻²³, 2⁻⁷, 2⁻¹⁰, 1 or 2⁻³
   */
  public double epsilon() {
    return switch (this) {
      case F32 -> 0x1p-23;
      case BF16 -> 0x1p-7;
      case F16 -> 0x1p-10;
      case I8 -> 1;
      case F8_E4M3 -> 0x1p-3;
    };
  }

  private static short toBFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  // Sign, 4 exponent bits, 3 mantissa bits; exponent 0 counts steps of 2⁻⁹.

  private static float fromE4M3(byte bits) {
    int sign = (bits & 0x80) << 24;
    int magnitude = bits & 0x7f;
    if (magnitude == 0x7f) {
      return Float.NaN;
    }
    float value =
        magnitude < 8 ? magnitude * 0x1p-9f : Float.intBitsToFloat((magnitude + (120 << 3)) << 20);
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) | sign);
  }

  private static byte toE4M3(float value) {
    int sign = Float.floatToRawIntBits(value) >>> 24 & 0x80;
    float magnitude = Math.abs(value);
    if (!(magnitude <= 464)) { // halfway from 448 to 480, which would be NaN's bits
      return (byte) (sign | 0x7f);
    }
    if (magnitude < 0x1p-6f) {
      return (byte) (sign | (int) Math.rint(magnitude * 0x1p9f));
    }
    int bits = Float.floatToRawIntBits(magnitude);
    int rounded = (bits + 0x7ffff + (bits >>> 20 & 1)) >>> 20;
    return (byte) (sign | rounded - (120 << 3));
  }
}
