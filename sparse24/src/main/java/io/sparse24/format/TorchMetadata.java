package io.sparse24.format;

import io.sparse24.api.Mask;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The metadata of CUTLASS, as PyTorch stores it: nibbles {@code i0 | i1 << 2} for the two kept
 * positions of a group of 4, lowest first, in words of 4 for 16-bit types (int16, {@code [n,
 * k/16]}) and of 8 for 8-bit types (int32, {@code [n, k/32]}), reordered: word (r, c) lies in row
 * {@code r' = r/g*g + (r%8)*(g/8) + (r%g)/8}, g being 32 or 16; where r' is even and c odd it
 * changes places with (r'+1, c-1); the flat offset is {@code (c/2)*2n + 2r' + c%2} words.
 */
final class TorchMetadata {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int wordBytes;
  private final long rows;

  private TorchMetadata(int wordBytes, long rows) {
    this.wordBytes = wordBytes;
    this.rows = rows;
  }

  /** Of a weight of a type that {@link #check} lets through. */
  static TorchMetadata of(TensorType type, long n) {
    return new TorchMetadata(type.bits() == 8 ? Integer.BYTES : Short.BYTES, n);
  }

  TensorType type() {
    return wordBytes == Short.BYTES ? TensorType.I16 : TensorType.I32;
  }

  /** Columns of the weight that a word is for. */
  long columnsOfWord() {
    return 8L * wordBytes;
  }

  /** The shapes PyTorch's kernels take. */
  static void check(String name, TensorType type, long n, long k) {
    boolean eight = type == TensorType.I8 || type == TensorType.F8_E4M3;
    if (!eight && type != TensorType.BF16 && type != TensorType.F16) {
      throw new IllegalArgumentException(
          name
              + ": the torch format holds 2:4 weights of BF16, F16, I8 or F8_E4M3, not of "
              + type);
    }
    int rows = eight ? 16 : 32;
    int columns = eight ? 128 : 64;
    if (n % rows != 0 || k % columns != 0) {
      throw new IllegalArgumentException(
          name
              + ": the torch format needs n a multiple of "
              + rows
              + " and k of "
              + columns
              + ", this is "
              + n
              + " x "
              + k
              + " (exclude it, or use sparse-24-bitmask)");
    }
  }

  /** Byte offset of word (r, c). */
  long offset(long r, long c) {
    long group = wordBytes == Short.BYTES ? 32 : 16;
    long row = r / group * group + r % 8 * (group / 8) + r % group / 8;
    long col = c;
    if (row % 2 == 0 && c % 2 == 1) {
      row++;
      col--;
    } else if (row % 2 == 1 && c % 2 == 0) {
      row--;
      col++;
    }
    return wordBytes * (col / 2 * 2 * rows + 2 * row + col % 2);
  }

  void encode(Mask mask, MemorySegment meta) {
    for (long r = 0; r < mask.rows(); r++) {
      for (long c = 0; c < mask.cols() / columnsOfWord(); c++) {
        int word = 0;
        for (int g = 0; g < 2 * wordBytes; g++) {
          int bits = nibble(mask, r, columnsOfWord() * c + 4L * g);
          int i0 = Integer.numberOfTrailingZeros(bits);
          int i1 = Integer.numberOfTrailingZeros(bits & (bits - 1));
          word |= (i0 | (i1 << 2)) << (4 * g);
        }
        if (wordBytes == Short.BYTES) {
          meta.set(SHORT, offset(r, c), (short) word);
        } else {
          meta.set(INT, offset(r, c), word);
        }
      }
    }
  }

  private static int nibble(Mask mask, long r, long column) {
    int octet = mask.segment().get(ValueLayout.JAVA_BYTE, r * mask.rowStride() + column / 8);
    return (octet >> (column % 8)) & 0xF;
  }

  void decode(MemorySegment meta, Mask mask, Tensor tensor) throws FormatException {
    for (long r = 0; r < mask.rows(); r++) {
      for (long c = 0; c < mask.cols() / columnsOfWord(); c++) {
        int word =
            wordBytes == Short.BYTES ? meta.get(SHORT, offset(r, c)) : meta.get(INT, offset(r, c));
        for (int g = 0; g < 2 * wordBytes; g++) {
          int i0 = (word >> (4 * g)) & 3;
          int i1 = (word >> (4 * g + 2)) & 3;
          long column = columnsOfWord() * c + 4L * g;
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
