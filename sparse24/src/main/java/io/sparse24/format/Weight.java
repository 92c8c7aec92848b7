package io.sparse24.format;

import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A tensor as the model sees it: stored plainly, or as the parts of a 2:4 weight. */
public final class Weight {
  private final String name;
  private final TensorInfo info;
  private final SparseFormat format;
  private final List<Tensor> parts;

  Weight(String name, TensorInfo info, SparseFormat format, List<Tensor> parts) {
    this.name = name;
    this.info = info;
    this.format = format;
    this.parts = List.copyOf(parts);
  }

  /**
   * The model's name of it.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Type and dense shape.
   *
   * @return the info
   */
  public TensorInfo info() {
    return info;
  }

  /**
   * How it is stored.
   *
   * @return {@link SparseFormat#DENSE} for a plain tensor
   */
  public SparseFormat format() {
    return format;
  }

  /**
   * The stored tensors it is made of.
   *
   * @return one for a plain tensor, else values first
   */
  public List<Tensor> parts() {
    return parts;
  }

  /**
   * Whether it is stored as a 2:4 weight.
   *
   * @return false for a plain tensor
   */
  public boolean isCompressed() {
    return format != SparseFormat.DENSE;
  }

  /**
   * The stored bytes.
   *
   * @return their number
   */
  public long storedBytes() {
    return parts.stream().mapToLong(part -> part.segment().byteSize()).sum();
  }

  /**
   * The matrix type; of a compressed weight also I8 or F8_E4M3, whose row scales are a tensor of
   * their own.
   *
   * @return the type
   * @throws FormatException if operations do not take it
   */
  public DType dtype() throws FormatException {
    DType dtype = info.type().dtype();
    if (isCompressed() && info.type() == TensorType.I8) {
      dtype = DType.I8;
    } else if (isCompressed() && info.type() == TensorType.F8_E4M3) {
      dtype = DType.F8_E4M3;
    }
    if (dtype == null) {
      throw new FormatException(
          parts.get(0).file(),
          name,
          "is "
              + info.type()
              + ", must be F32, BF16"
              + (isCompressed() ? ", F16, I8 or F8_E4M3" : " or F16"));
    }
    return dtype;
  }

  /**
   * Reads a compressed weight in canonical form; row scales of {@code out} stay as they are.
   *
   * @param out host memory of its shape and type, rows without gaps
   * @throws FormatException if the mask or metadata is not 2:4, with the first place
   */
  public void read(Compressed24 out) throws FormatException {
    if (!isCompressed() || out.dtype() != dtype()) {
      throw new IllegalArgumentException(
          "out: is of "
              + out.dtype()
              + ", '"
              + name
              + "' is "
              + format.id()
              + " of "
              + info.type());
    }
    if (out.n() != info.shape().get(0) || out.k() != info.shape().get(1)) {
      throw new IllegalArgumentException(
          "out: is " + out.n() + " x " + out.k() + ", must be " + info.shapeText());
    }
    checkNoGaps("out", out);
    out.values().segment().copyFrom(parts.get(0).segment());
    Tensor where = parts.get(1);
    if (format == SparseFormat.TORCH) {
      out.mask().segment().fill((byte) 0);
      TorchMetadata.of(info.type(), out.n()).decode(where.segment(), out.mask(), where);
    } else {
      checkBits(where, out.k());
      out.mask().segment().copyFrom(where.segment());
    }
  }

  static void checkNoGaps(String argument, Compressed24 weight) {
    if (weight.values().rowStride() != weight.k() / 2
        || weight.mask().rowStride() != Mask.rowBytes(weight.k())) {
      throw new IllegalArgumentException(argument + ": must be without gaps between rows");
    }
  }

  /** Exactly two bits in each group of four, none behind the last column. */
  private static void checkBits(Tensor bits, long k) throws FormatException {
    MemorySegment segment = bits.segment();
    long rowBytes = Mask.rowBytes(k);
    for (long at = 0; at < segment.byteSize(); at++) {
      int octet = segment.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
      int low = Integer.bitCount(octet & 0xF);
      int high = Integer.bitCount(octet >> 4);
      long column = at % rowBytes * 8;
      boolean half = column + 4 == k;
      if (low != 2 || high != (half ? 0 : 2)) {
        long group = low != 2 ? column : column + 4;
        throw new FormatException(
            bits.file(),
            bits.name(),
            "row "
                + at / rowBytes
                + (low == 2 && half
                    ? " has bits behind column " + k
                    : ", columns "
                        + group
                        + ".."
                        + (group + 3)
                        + ": "
                        + (low != 2 ? low : high)
                        + " bits, must be 2"));
      }
    }
  }
}
