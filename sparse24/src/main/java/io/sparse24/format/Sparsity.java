package io.sparse24.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What zeros a tensor of F32, BF16, F16, I8 or F8_E4M3 has. -0.0 is zero.
 *
 * @param elements number of elements
 * @param zeros how many are zero
 * @param pattern {@code "2:4"} where each aligned group of 4 in a row has at most 2 non-zeros, else
 *     the tightest n:m of groups of 2, 8 or 16 with n at most m/2; {@code "dense"} where there is
 *     none, or the type is another
 */
public record Sparsity(long elements, long zeros, String pattern) {
  private static final int[] GROUPS = {2, 4, 8, 16};
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Counts, reading the tensor once.
   *
   * @param tensor the tensor
   * @return the counts; another type counts as dense without zeros
   */
  public static Sparsity of(Tensor tensor) {
    TensorInfo info = tensor.info();
    TensorType type = info.type();
    long elements = info.elements();
    boolean counted = type.dtype() != null || type == TensorType.I8 || type == TensorType.F8_E4M3;
    if (!counted || elements == 0) {
      return new Sparsity(elements, 0, "dense");
    }
    long k = info.shape().isEmpty() ? 1 : info.shape().getLast();
    MemorySegment data = tensor.segment();
    int[] most = new int[GROUPS.length];
    long nonZeros = 0;
    for (long start = 0; start < elements; start += k) {
      // Bit t of the window: element t of the current 16 columns is not zero.
      for (long j = 0; j < k; j += 16) {
        int window = 0;
        int width = (int) Math.min(16, k - j);
        for (int t = 0; t < width; t++) {
          window |= (isZero(type, data, start + j + t) ? 0 : 1) << t;
        }
        nonZeros += Integer.bitCount(window);
        for (int g = 0; g < GROUPS.length; g++) {
          int size = GROUPS[g];
          for (int t = 0; t < 16; t += size) {
            most[g] = Math.max(most[g], Integer.bitCount(window >> t & (1 << size) - 1));
          }
        }
      }
    }
    return new Sparsity(elements, elements - nonZeros, pattern(k, most));
  }

  private static boolean isZero(TensorType type, MemorySegment data, long at) {
    return switch (type) {
      case F32 -> data.get(INT, 4 * at) << 1 == 0;
      case I8 -> data.get(ValueLayout.JAVA_BYTE, at) == 0;
      case F8_E4M3 -> (data.get(ValueLayout.JAVA_BYTE, at) & 0x7F) == 0;
      default -> (data.get(SHORT, 2 * at) & 0x7FFF) == 0;
    };
  }

  private static String pattern(long k, int[] most) {
    if (k % 4 == 0 && most[1] <= 2) {
      return "2:4";
    }
    for (int g = 0; g < GROUPS.length; g++) {
      if (k % GROUPS[g] == 0 && most[g] <= GROUPS[g] / 2) {
        return most[g] + ":" + GROUPS[g];
      }
    }
    return "dense";
  }
}
