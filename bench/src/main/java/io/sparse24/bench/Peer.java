package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.util.Locale;

/**
 * A product Y = X Wᵀ that is not ours: what a user would take instead. A peer is one class and one
 * line in {@code META-INF/services}; its constructor loads what it needs, and throws where that
 * can't be had.
 */
public interface Peer {
  /**
   * The name in tables.
   *
   * @return such as {@code oneDNN}
   */
  String name();

  /**
   * What was loaded.
   *
   * @return the library's version
   */
  String version();

  /**
   * Whether it has such a product.
   *
   * @param dtype type of X and W
   * @param k length of the sums
   * @return true if so
   */
  boolean multiplies(DType dtype, long k);

  /**
   * Whether it makes use of a 2:4 weight; else it is given a dense one.
   *
   * @return false for a dense product
   */
  default boolean sparse() {
    return false;
  }

  /**
   * Makes its own copies of a weight, in the layout it likes best for this X.
   *
   * @param x {@code [m, k]} in host memory, rows without a gap; stays as it is
   * @param w {@code [n, k]}, of the same type; may go away afterwards
   * @param copies how many copies take turns
   * @param threads how many threads a call may use, the calling one included
   * @return the product, to be used on the calling thread
   */
  Product prepare(Matrix x, Matrix w, int copies, int threads);

  /** A product with its operands in place. */
  interface Product extends AutoCloseable {
    /** One call, with the next copy of the weight; done on return. */
    void run();

    /**
     * Where {@link #run} writes: {@code [m, n]}, of any type.
     *
     * @return the result
     */
    Matrix y();

    @Override
    void close();
  }

  /**
   * The name in columns and options.
   *
   * @return lower case, without blanks
   */
  default String id() {
    return name().toLowerCase(Locale.ROOT).replace(' ', '-');
  }
}
