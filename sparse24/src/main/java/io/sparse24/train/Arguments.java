package io.sparse24.train;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;

/** What the layers check of their arguments, before operations that know them by other names. */
final class Arguments {
  private static final long MAX_EXTENT = 1L << 40;

  private Arguments() {}

  static void extent(String what, long value) {
    if (value < 1 || value > MAX_EXTENT) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be between 1 and 2^40");
    }
  }

  static void multiple(String what, long value, int of) {
    extent(what, value);
    if (value % of != 0) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be a multiple of " + of);
    }
  }

  static void notNegative(String what, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be at least 0");
    }
  }

  static void finite(String what, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be finite");
    }
  }

  static void floats(String what, DType dtype) {
    if (dtype.scaled()) {
      throw new IllegalArgumentException(what + ": is " + dtype + ", must be F32, BF16 or F16");
    }
  }

  static void shape(String what, Matrix matrix, long rows, long cols, DType dtype) {
    if (matrix.rows() != rows || matrix.cols() != cols || matrix.dtype() != dtype) {
      throw new IllegalArgumentException(
          what + ": is " + matrix + ", must be " + rows + " x " + cols + " " + dtype);
    }
  }

  /** Those of {@link TrainableLinear#weightGradient}. */
  static void weightGradient(TrainableLinear layer, Matrix dy, Matrix x) {
    shape("x", x, x.rows(), layer.k(), layer.dtype());
    shape("dy", dy, x.rows(), layer.n(), layer.dtype());
  }

  /** Those of {@link TrainableLinear#inputGradient}. */
  static void inputGradient(TrainableLinear layer, Matrix dy, Matrix dx, float beta) {
    shape("dy", dy, dy.rows(), layer.n(), layer.dtype());
    shape("dx", dx, dy.rows(), layer.k(), layer.dtype());
    finite("beta", beta);
  }
}
