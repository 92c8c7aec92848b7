package io.sparse24.format;

import io.sparse24.api.Mask;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The 16-bit metadata of CUTLASS, as PyTorch stores it for 16-bit types: 4 nibbles an int16, lowest
 * first, each {@code i0 | i1 << 2} for the two kept positions of a group of 4; 16 columns an int16,
 * so {@code [n, k/16]}, reordered: element (r, c) lies in row {@code r' = r/32*32 + (r%8)*4 +
 * (r%32)/8}; where r' is even and c odd it changes places with (r'+1, c-1); the flat offset is
 * {@code (c/2)*2n + 2r' + c%2}.
 */
final class TorchMetadata {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TorchMetadata() {}

  /** The shapes PyTorch's kernels take. */
  static void check(String name, TensorType type, long n, long k) {
    if (type != TensorType.BF16 && type != TensorType.F16) {
      throw new IllegalArgumentException(
          name + ": the torch format holds 2:4 weights of BF16 or F16, not of " + type);
    }
    if (n % 32 != 0 || k % 64 != 0) {
      throw new IllegalArgumentException(
          name
              + ": the torch format needs n a multiple of 32 and k of 64, this is "
              + n
              + " x "
              + k
              + " (exclude it, or use sparse-24-bitmask)");
    }
  }

  /** Byte offset of element (r, c) of the metadata. */
  static long offset(long n, long r, long c) {
    long row = r / 32 * 32 + r % 8 * 4 + r % 32 / 8;
    long col = c;
    if (row % 2 == 0 && c % 2 == 1) {
      row++;
      col--;
    } else if (row % 2 == 1 && c % 2 == 0) {
      row--;
      col++;
    }
    return 2 * (col / 2 * 2 * n + 2 * row + col % 2);
  }

  static void encode(Mask mask, MemorySegment meta) {
    for (long r = 0; r < mask.rows(); r++) {
      for (long c = 0; c < mask.cols() / 16; c++) {
        int word = 0;
        for (int g = 0; g < 4; g++) {
          int bits = nibble(mask, r, 16 * c + 4L * g);
          int i0 = Integer.numberOfTrailingZeros(bits);
          int i1 = Integer.numberOfTrailingZeros(bits & (bits - 1));
          word |= (i0 | (i1 << 2)) << (4 * g);
        }
        meta.set(SHORT, offset(mask.rows(), r, c), (short) word);
      }
    }
  }

  private static int nibble(Mask mask, long r, long column) {
    int octet = mask.segment().get(ValueLayout.JAVA_BYTE, r * mask.rowStride() + column / 8);
    return (octet >> (column % 8)) & 0xF;
  }

  static void decode(MemorySegment meta, Mask mask, Tensor tensor) throws FormatException {
    for (long r = 0; r < mask.rows(); r++) {
      for (long c = 0; c < mask.cols() / 16; c++) {
        int word = meta.get(SHORT, offset(mask.rows(), r, c));
        for (int g = 0; g < 4; g++) {
          int i0 = (word >> (4 * g)) & 3;
          int i1 = (word >> (4 * g + 2)) & 3;
          long column = 16 * c + 4L * g;
          if (i0 >= i1) {
            throw new FormatException(
                tensor.file(),
                tensor.name(),
                "row "
                    + r
                    + ", columns "
                    + column
                    + ".."
                    + (column + 3)
                    + ": positions "
                    + i0
                    + " and "
                    + i1
                    + " do not rise");
          }
          mask.set(r, column + i0, true);
          mask.set(r, column + i1, true);
        }
      }
    }
  }
}
