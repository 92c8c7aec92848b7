package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.api.Compressed24;
import io.sparse24.format.FormatException;
import io.sparse24.format.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One weight of a checkpoint under check; compressed ones are read, which checks their masks. */
final class WeightCheck implements AutoCloseable {
  private final Weight weight;
  private final Arena arena = Arena.ofShared();
  private @Nullable Compressed24 compressed;

  WeightCheck(Weight weight) {
    this.weight = weight;
  }

  /** Every group within the pattern; the first that is not becomes a problem. */
  void pattern(Pattern wanted, List<String> problems) throws FormatException {
    if (weight.isCompressed()) {
      if (wanted.of() % 4 != 0 || wanted.keep() < wanted.of() / 2) {
        problems.add(
            "'"
                + weight.name()
                + "' is stored as "
                + weight.format().id()
                + ", which is not "
                + wanted);
      }
      try {
        Compressed24 read =
            Compressed24.allocate(
                arena, weight.info().shape().get(0), weight.info().shape().get(1), weight.dtype());
        weight.read(read);
        compressed = read;
      } catch (FormatException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
      return;
    }
    long rows = weight.info().shape().get(0);
    long k = weight.info().shape().get(1);
    if (k % wanted.of() != 0) {
      problems.add(
          "'"
              + weight.name()
              + "': k = "
              + k
              + " is not a multiple of "
              + wanted.of()
              + "; "
              + Selection.excluding(weight));
      return;
    }
    for (long start = 0; start < rows * k; start += wanted.of()) {
      int nonZeros = nonZeros(start, wanted.of());
      if (nonZeros > wanted.keep()) {
        problems.add(group(start, wanted) + " have " + nonZeros + " non-zeros, not " + wanted);
        return;
      }
    }
  }

  /**
   * Kept values bit for bit the original's, dropped ones zero, and no more dropped than the pattern
   * asks; what was not pruned unchanged.
   */
  void against(@Nullable Weight original, boolean isPruned, Pattern wanted, List<String> problems) {
    String name = "'" + weight.name() + "'";
    if (original == null) {
      problems.add(name + " is not in the dense checkpoint");
      return;
    }
    if (original.isCompressed()) {
      problems.add(name + " is compressed in the dense checkpoint");
      return;
    }
    if (!original.info().shape().equals(weight.info().shape())
        || original.info().type() != weight.info().type()) {
      problems.add(
          name
              + " is "
              + weight.info().type()
              + " "
              + weight.info().shapeText()
              + ", in the dense checkpoint "
              + original.info().type()
              + " "
              + original.info().shapeText());
      return;
    }
    MemorySegment dense = original.parts().get(0).segment();
    if (!isPruned) {
      long at = weight.parts().get(0).segment().mismatch(dense);
      if (at >= 0) {
        problems.add(name + " was not pruned, but differs from byte " + at + " on");
      }
      return;
    }
    long different = weight.isCompressed() ? compareCompressed(dense) : comparePlain(dense);
    if (different >= 0) {
      long k = weight.info().shape().get(1);
      problems.add(
          name
              + ": ["
              + different / k
              + ", "
              + different % k
              + "] is kept, but not the dense checkpoint's value bit for bit");
      return;
    }
    lost(dense, weight.isCompressed() ? Pattern.P2_4 : wanted, problems);
  }

  /** The first group with fewer non-zeros than it could keep; NaN ranks last, so it may go. */
  private void lost(MemorySegment dense, Pattern kept, List<String> problems) {
    long k = weight.info().shape().get(1);
    if (k % kept.of() != 0 || (weight.isCompressed() && compressed == null)) {
      return; // reported already
    }
    int width = weight.info().type().bits() / 8;
    for (long start = 0; start < weight.info().elements(); start += kept.of()) {
      int now = nonZeros(start, kept.of());
      int before = 0;
      for (int t = 0; t < kept.of() && now < kept.keep(); t++) {
        int bits = bits(dense, start + t, width);
        before += isZero(bits) || isNaN(bits) ? 0 : 1;
      }
      if (now < Math.min(kept.keep(), before)) {
        problems.add(
            group(start, kept)
                + " have "
                + now
                + " of the dense checkpoint's "
                + Count.of(before, "non-zero")
                + ", "
                + kept
                + " leaves "
                + Math.min(kept.keep(), before));
        return;
      }
    }
  }

  /** Of a group of columns; a compressed one stores half of them. */
  private int nonZeros(long start, int of) {
    MemorySegment data = weight.parts().get(0).segment();
    int width = weight.info().type().bits() / 8;
    int part = weight.isCompressed() ? 2 : 1;
    int nonZeros = 0;
    for (int t = 0; t < of / part; t++) {
      nonZeros += isZero(bits(data, start / part + t, width)) ? 0 : 1;
    }
    return nonZeros;
  }

  private String group(long start, Pattern pattern) {
    long k = weight.info().shape().get(1);
    return "'"
        + weight.name()
        + "': row "
        + start / k
        + ", columns "
        + start % k
        + ".."
        + (start % k + pattern.of() - 1);
  }

  /**
   * Flat index of the first kept value that differs, or -1; an unreadable mask is reported already.
   */
  private long compareCompressed(MemorySegment dense) {
    Compressed24 read = compressed;
    if (read == null) {
      return -1;
    }
    int width = read.dtype().bytes();
    long slot = 0;
    for (long i = 0; i < read.n(); i++) {
      for (long j = 0; j < read.k(); j++) {
        if (read.mask().get(i, j)
            && bits(read.values().segment(), slot++, width)
                != bits(dense, i * read.k() + j, width)) {
          return i * read.k() + j;
        }
      }
    }
    return -1;
  }

  private long comparePlain(MemorySegment dense) {
    MemorySegment data = weight.parts().get(0).segment();
    int width = weight.info().type().bits() / 8;
    for (long at = 0; at < weight.info().elements(); at++) {
      int found = bits(data, at, width);
      if (found != 0 && found != bits(dense, at, width)) {
        return at;
      }
    }
    return -1;
  }

  private static int bits(MemorySegment data, long element, int width) {
    return switch (width) {
      case 4 -> data.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * element);
      case 2 -> data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * element);
      default -> data.get(ValueLayout.JAVA_BYTE, element);
    };
  }

  private boolean isZero(int bits) {
    return magnitude(bits) == 0;
  }

  private boolean isNaN(int bits) {
    return switch (weight.info().type()) {
      case I8 -> false;
      case F8_E4M3 -> magnitude(bits) == 0x7F;
      case F16 -> magnitude(bits) > 0x7C00;
      case BF16 -> magnitude(bits) > 0x7F80;
      default -> magnitude(bits) > 0x7F80_0000;
    };
  }

  /** Without the sign, which an integer does not have as a bit of its own. */
  private int magnitude(int bits) {
    return switch (weight.info().type()) {
      case I8 -> bits;
      case F8_E4M3 -> bits & 0x7F;
      case F16, BF16 -> bits & 0x7FFF;
      default -> bits & 0x7FFF_FFFF;
    };
  }

  @Override
  public void close() {
    arena.close();
  }
}
