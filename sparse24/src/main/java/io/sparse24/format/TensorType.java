package io.sparse24.format;

import io.sparse24.api.DType;
import org.jspecify.annotations.Nullable;

/** The element types of the safetensors format, by the names it uses. */
public enum TensorType {
  /** Booleans, a byte each. */
  BOOL(8, null),
  /** 4-bit floats, two a byte. */
  F4(4, null),
  /** 6-bit floats, 2 exponent bits. */
  F6_E2M3(6, null),
  /** 6-bit floats, 3 exponent bits. */
  F6_E3M2(6, null),
  /** Bytes. */
  U8(8, null),
  /** Signed bytes. */
  I8(8, null),
  /** 8-bit floats, 5 exponent bits. */
  F8_E5M2(8, null),
  /** 8-bit floats, 4 exponent bits. */
  F8_E4M3(8, null),
  /** 8-bit scales: 8 exponent bits. */
  F8_E8M0(8, null),
  /** 8-bit floats, 4 exponent bits, unsigned zero, shifted bias. */
  F8_E4M3FNUZ(8, null),
  /** 8-bit floats, 5 exponent bits, unsigned zero, shifted bias. */
  F8_E5M2FNUZ(8, null),
  /** 16-bit integers. */
  I16(16, null),
  /** Unsigned 16-bit integers. */
  U16(16, null),
  /** Half precision. */
  F16(16, DType.F16),
  /** Brain floats. */
  BF16(16, DType.BF16),
  /** 32-bit integers. */
  I32(32, null),
  /** Unsigned 32-bit integers. */
  U32(32, null),
  /** Single precision. */
  F32(32, DType.F32),
  /** Two single-precision floats. */
  C64(64, null),
  /** Double precision. */
  F64(64, null),
  /** 64-bit integers. */
  I64(64, null),
  /** Unsigned 64-bit integers. */
  U64(64, null);

  private final int bits;
  private final @Nullable DType dtype;

  TensorType(int bits, @Nullable DType dtype) {
    this.bits = bits;
    this.dtype = dtype;
  }

  /**
   * Size of an element.
   *
   * @return bits
   */
  public int bits() {
    return bits;
  }

  /**
   * The matrix type it is, where elements stand for themselves: those of I8 and F8_E4M3 need row
   * scales, which files keep in other tensors.
   *
   * @return F32, BF16, F16, or null
   */
  public @Nullable DType dtype() {
    return dtype;
  }

  /**
   * The tensor type of a matrix type.
   *
   * @param dtype the matrix type
   * @return the tensor type
   */
  public static TensorType of(DType dtype) {
    return switch (dtype) {
      case F32 -> F32;
      case BF16 -> BF16;
      case F16 -> F16;
      case I8 -> I8;
      case F8_E4M3 -> F8_E4M3;
    };
  }
}
