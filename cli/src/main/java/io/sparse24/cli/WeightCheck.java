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
    MemorySegment data = weight.parts().get(0).segment();
    int width = weight.info().type().bits() / 8;
    for (long i = 0; i < rows; i++) {
      for (long group = 0; group < k; group += wanted.of()) {
        int nonZeros = 0;
        for (int t = 0; t < wanted.of(); t++) {
          nonZeros += isZero(bits(data, i * k + group + t, width), width) ? 0 : 1;
        }
        if (nonZeros > wanted.keep()) {
          problems.add(
              "'"
                  + weight.name()
                  + "': row "
                  + i
                  + ", columns "
                  + group
                  + ".."
                  + (group + wanted.of() - 1)
                  + " have "
                  + nonZeros
                  + " non-zeros, not "
                  + wanted);
          return;
        }
      }
    }
  }

  /** Kept values bit for bit the original's, dropped ones zero; what was not pruned unchanged. */
  void against(@Nullable Weight original, boolean isPruned, List<String> problems) {
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
    }
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
    return width == 4
        ? data.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * element)
        : data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * element);
  }

  private static boolean isZero(int bits, int width) {
    return (width == 4 ? bits & 0x7FFF_FFFF : bits & 0x7FFF) == 0;
  }

  @Override
  public void close() {
    arena.close();
  }
}
