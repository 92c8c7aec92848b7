package io.sparse24.format;

import java.util.Arrays;
import java.util.List;

/**
 * A tensor's place in a file.
 *
 * @param name its name
 * @param type element type
 * @param shape extents, row-major; empty for a scalar
 */
public record TensorInfo(String name, TensorType type, List<Long> shape) {
  /**
   * Copies the shape.
   *
   * @param name its name
   * @param type element type
   * @param shape extents, row-major; empty for a scalar
   */
  public TensorInfo {
    shape = List.copyOf(shape);
    if (shape.stream().anyMatch(extent -> extent < 0)) {
      throw new IllegalArgumentException("shape: is " + shape + ", may not be negative");
    }
  }

  /**
   * With the shape as numbers.
   *
   * @param name its name
   * @param type element type
   * @param shape extents
   * @return the info
   */
  public static TensorInfo of(String name, TensorType type, long... shape) {
    return new TensorInfo(name, type, Arrays.stream(shape).boxed().toList());
  }

  /**
   * Number of elements.
   *
   * @return the product of the extents
   * @throws ArithmeticException if it is beyond 2^63
   */
  public long elements() {
    long product = 1;
    for (long extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    return product;
  }

  /**
   * Size.
   *
   * @return bytes
   * @throws ArithmeticException if it is beyond 2^63, or no whole number of bytes
   */
  public long bytes() {
    long bits = Math.multiplyExact(elements(), type.bits());
    if (bits % 8 != 0) {
      throw new ArithmeticException("no whole number of bytes");
    }
    return bits / 8;
  }

  /**
   * The shape as people write it.
   *
   * @return such as {@code [384, 1536]}
   */
  public String shapeText() {
    return shape.toString();
  }
}
