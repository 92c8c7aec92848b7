package io.sparse24.api;

import org.jspecify.annotations.Nullable;

/** What every operation's arguments must satisfy before they cross the boundary. */
final class Checks {
  private Checks() {}

  static void multiple(String what, long value, int of) {
    if (value % of != 0) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be a multiple of " + of);
    }
  }

  static void finite(String what, float value) {
    if (!Float.isFinite(value)) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be finite");
    }
  }

  static void shape(String what, Matrix matrix, long rows, long cols, DType dtype) {
    if (matrix.rows() != rows || matrix.cols() != cols || matrix.dtype() != dtype) {
      throw new IllegalArgumentException(
          what + ": is " + matrix + ", must be " + rows + " x " + cols + " " + dtype);
    }
  }

  static void vector(String what, Matrix vector, long length) {
    shape(what, vector, 1, length, DType.F32);
  }

  static void norms(ScoreKind kind, @Nullable Matrix s, long k) {
    if (kind == ScoreKind.WANDA) {
      if (s == null) {
        throw new IllegalArgumentException(
            "s: is null, WANDA needs the squared column norms, 1 x " + k + " F32");
      }
      vector("s", s, k);
    } else if (s != null) {
      throw new IllegalArgumentException("s: must be null for " + kind);
    }
  }

  static void compressed(String what, Compressed24 compressed, Matrix dense) {
    multiple("w: k", dense.cols(), 4);
    if (compressed.n() != dense.rows()
        || compressed.k() != dense.cols()
        || compressed.dtype() != dense.dtype()) {
      throw new IllegalArgumentException(
          what
              + ": is a 2:4 weight of "
              + compressed.n()
              + " x "
              + compressed.k()
              + " "
              + compressed.dtype()
              + ", must be of "
              + dense);
    }
  }

  static void gemm(
      Matrix x, long n, long k, DType dtype, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    if (x.cols() != k || x.dtype() != dtype) {
      throw new IllegalArgumentException("x: is " + x + ", must be m x " + k + " " + dtype);
    }
    if (y.rows() != x.rows() || y.cols() != n || y.dtype() != dtype) {
      shape("y", y, x.rows(), n, dtype);
    }
    noOverlap("y", y, "x", x);
    if (epilogue.beta() != 0) {
      if (c == null) {
        throw new IllegalArgumentException(
            "c: is null, must be " + x.rows() + " x " + n + " where beta is not 0");
      }
      shape("c", c, x.rows(), n, dtype);
      boolean same =
          c.segment().address() == y.segment().address() && c.rowStride() == y.rowStride();
      if (!same) {
        noOverlap("y", y, "c", c);
      }
    }
    Matrix bias = epilogue.bias();
    if (bias != null) {
      vector("bias", bias, n);
      noOverlap("y", y, "bias", bias);
    }
  }

  /**
   * An output must not share memory with an input; columns of one wider matrix side by side are
   * fine.
   */
  static void noOverlap(String outName, Matrix out, String inName, Matrix in) {
    long a = out.segment().address();
    long b = in.segment().address();
    long aEnd = a + extent(out);
    long bEnd = b + extent(in);
    if (aEnd <= b || bEnd <= a || a == aEnd || b == bEnd) {
      return;
    }
    long stride = out.rowStride() * out.dtype().bytes();
    if (stride == in.rowStride() * in.dtype().bytes() && stride > 0) {
      long apart = Math.floorMod(b - a, stride);
      if (apart >= out.cols() * out.dtype().bytes()
          && apart + in.cols() * in.dtype().bytes() <= stride) {
        return;
      }
    }
    throw new IllegalArgumentException(outName + ": shares memory with " + inName);
  }

  private static long extent(Matrix matrix) {
    if (matrix.rows() == 0 || matrix.cols() == 0) {
      return 0;
    }
    return ((matrix.rows() - 1) * matrix.rowStride() + matrix.cols()) * matrix.dtype().bytes();
  }
}
