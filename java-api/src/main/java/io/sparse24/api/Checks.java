package io.sparse24.api;

import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What every operation's arguments must satisfy before they cross the boundary. */
final class Checks {
  private static final long MAX_EXTENT = 1L << 40;

  /** A sum of so many products of two I8 may be beyond I32. */
  private static final long TOO_LONG_FOR_I32 = 1L << 17;

  private Checks() {}

  /**
   * A number of rows, columns, tokens; products of two and an element size fit in a long's range.
   */
  static long extent(String what, long value) {
    if (value < 0 || value > MAX_EXTENT) {
      throw new IllegalArgumentException(what + ": is " + value + ", must be between 0 and 2^40");
    }
    return value;
  }

  /**
   * Bytes of {@code rows} rows, {@code strideBytes} apart, of which the last has {@code rowBytes}.
   *
   * @param what the arguments' names
   */
  static long bytes(String what, long rows, long strideBytes, long rowBytes) {
    if (rows == 0 || rowBytes == 0) {
      return 0;
    }
    long high = Math.multiplyHigh(rows - 1, strideBytes);
    long low = (rows - 1) * strideBytes;
    if (high != 0 || low < 0 || low + rowBytes < 0) {
      throw new IllegalArgumentException(
          what
              + ": "
              + rows
              + " rows, "
              + strideBytes
              + " bytes apart, must have less than 2^63 bytes");
    }
    return low + rowBytes;
  }

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

  static void like(String what, Matrix matrix, Matrix other) {
    shape(what, matrix, other.rows(), other.cols(), other.dtype());
  }

  static void count(String what, Ids ids, long count) {
    if (ids.count() != count) {
      throw new IllegalArgumentException(what + ": are " + ids + ", must be " + count);
    }
  }

  static long product(String what, long a, long b) {
    if (Math.multiplyHigh(a, b) != 0 || a * b < 0) {
      throw new IllegalArgumentException(what + ": " + a + " times " + b + " must be below 2^63");
    }
    return a * b;
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

  static void factors(ScoreFactors factors, Matrix w) {
    Matrix a = factors.a();
    Matrix b = factors.b();
    Matrix r = factors.r();
    Matrix g = factors.g();
    if (a != null) {
      vector("factors.a", a, w.cols());
    }
    if (b != null) {
      vector("factors.b", b, w.cols());
    }
    if (r != null) {
      vector("factors.r", r, w.rows());
    }
    if (g != null) {
      shape("factors.g", g, w.rows(), w.cols(), DType.F32);
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

  static void sized(String what, Compressed24 weight, long n, long k, DType dtype) {
    if (weight.n() != n || weight.k() != k || weight.dtype() != dtype) {
      String is = weight.n() + " x " + weight.k() + " " + weight.dtype();
      throw new IllegalArgumentException(
          what + ": is " + is + ", must be " + n + " x " + k + " " + dtype);
    }
  }

  static void bytes(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: is " + bytes + ", must be at least 0");
    }
  }

  /** Both parts of {@code out}, a 2:4 weight that is written. */
  static void output(Compressed24 out) {
    writable("out.values", out.values().segment());
    writable("out.mask", out.mask().segment());
    noOverlap("out.values", out.values(), "out.mask", out.mask());
  }

  // Names are constants: to put them together allocates.

  static void noOverlap(Compressed24 out, String inName, @Nullable Matrix in) {
    if (in != null) {
      noOverlap("out.values", out.values(), inName, in);
      noOverlap("out.mask", out.mask(), inName, in);
    }
  }

  /** The second output of prune24Both. */
  static void transpose(Matrix w, @Nullable Matrix s, Compressed24 out, Compressed24 transpose) {
    Matrix values = transpose.values();
    Mask mask = transpose.mask();
    writable("transpose.values", values.segment());
    writable("transpose.mask", mask.segment());
    noOverlap("transpose.values", values, "transpose.mask", mask);
    noOverlap("transpose.values", values, "w", w);
    noOverlap("transpose.mask", mask, "w", w);
    if (s != null) {
      noOverlap("transpose.values", values, "s", s);
      noOverlap("transpose.mask", mask, "s", s);
    }
    noOverlap("out.values", out.values(), "transpose.values", values);
    noOverlap("out.values", out.values(), "transpose.mask", mask);
    noOverlap("out.mask", out.mask(), "transpose.values", values);
    noOverlap("out.mask", out.mask(), "transpose.mask", mask);
  }

  /** The row scales of an operand that needs them. */
  static Matrix scales(String what, DType dtype, @Nullable Matrix scales, long rows) {
    if (scales == null) {
      throw new IllegalArgumentException(
          what + ": are missing, " + dtype + " needs 1 x " + rows + " F32 (Matrix.withRowScales)");
    }
    return scales;
  }

  /** Which types of X go with a type of W. */
  private static boolean takes(DType w, DType x) {
    return switch (w) {
      case F32, BF16, F16 -> x == w;
      case I8 -> x == DType.F32 || x == DType.BF16 || x == DType.I8;
      case F8_E4M3 -> x == DType.F32 || x == DType.BF16 || x == DType.F8_E4M3;
    };
  }

  /** Which types of Y go with a type of X. */
  private static boolean gives(DType x, DType y) {
    return x.scaled() ? y == DType.F32 || y == DType.BF16 : y == x;
  }

  private static String choices(Predicate<DType> allowed) {
    return Stream.of(DType.values())
        .filter(allowed)
        .map(DType::name)
        .collect(Collectors.joining(" or "));
  }

  static void gemm(
      Matrix x,
      long n,
      long k,
      DType dtype,
      @Nullable Matrix wScales,
      @Nullable Matrix c,
      Matrix y,
      Epilogue epilogue) {
    if (x.cols() != k || !takes(dtype, x.dtype())) {
      throw new IllegalArgumentException(
          "x: is " + x + ", must be m x " + k + " " + choices(type -> takes(dtype, type)));
    }
    if (y.rows() != x.rows() || y.cols() != n || !gives(x.dtype(), y.dtype())) {
      throw new IllegalArgumentException(
          "y: is "
              + y
              + ", must be "
              + x.rows()
              + " x "
              + n
              + " "
              + choices(type -> gives(x.dtype(), type)));
    }
    if (x.dtype() == DType.I8 && k >= TOO_LONG_FOR_I32) {
      throw new IllegalArgumentException(
          "k: is " + k + ", must be less than 2^17 for I8 times I8, which is summed in I32");
    }
    if (x.dtype().scaled()) {
      scales("x.scales", x.dtype(), x.rowScales(), x.rows());
    }
    if (dtype.scaled()) {
      scales("w.scales", dtype, wScales, n);
    }
    writable("y", y.segment());
    noOverlap("y", y, "x", x);
    noOverlap("y", y, "x.scales", x.rowScales());
    noOverlap("y", y, "w.scales", wScales);
    if (epilogue.beta() != 0) {
      if (c == null) {
        throw new IllegalArgumentException(
            "c: is null, must be " + x.rows() + " x " + n + " where beta is not 0");
      }
      shape("c", c, x.rows(), n, y.dtype());
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

  static void lowRank(Matrix x, long n, Matrix y, LowRank lowRank) {
    floats("x", x);
    Matrix t = lowRank.t();
    if (t.rows() != x.rows() || t.dtype() != x.dtype()) {
      throw new IllegalArgumentException(
          "t: is " + t + ", must be " + x.rows() + " x rank " + x.dtype());
    }
    shape("r", lowRank.r(), n, t.cols(), x.dtype());
    noOverlap("y", y, "t", t);
    noOverlap("y", y, "r", lowRank.r());
  }

  /** One of the types whose elements stand for themselves. */
  static void floats(String what, Matrix matrix) {
    if (matrix.dtype().scaled()) {
      throw new IllegalArgumentException(
          what + ": is " + matrix + ", must be of " + choices(type -> !type.scaled()));
    }
  }

  /** Numbers that an optimizer takes one after the other. */
  static void contiguous(String what, Matrix matrix) {
    if (matrix.rows() > 1 && matrix.cols() > 0 && matrix.rowStride() != matrix.cols()) {
      throw new IllegalArgumentException(
          what
              + ": has row stride "
              + matrix.rowStride()
              + ", must have "
              + matrix.cols()
              + ", rows without gaps");
    }
  }

  private static void numbers(String what, Matrix matrix, Matrix gradient) {
    shape(what, matrix, gradient.rows(), gradient.cols(), DType.F32);
    contiguous(what, matrix);
    writable(what, matrix.segment());
    noOverlap(what, matrix, "gradient", gradient);
  }

  /** The operands of an optimizer's step; v is null where it has no second moment. */
  static void step(
      Matrix gradient,
      Matrix master,
      Matrix m,
      @Nullable Matrix v,
      Matrix values,
      float gradScale) {
    shape("gradient", gradient, gradient.rows(), gradient.cols(), DType.F32);
    contiguous("gradient", gradient);
    // Its buffer holds them, so the product is no overflow.
    extent("gradient: rows x cols", gradient.rows() * gradient.cols());
    numbers("master", master, gradient);
    numbers("m", m, gradient);
    if (v != null) {
      numbers("v", v, gradient);
      noOverlap("master", master, "v", v);
      noOverlap("m", m, "v", v);
      noOverlap("v", v, "values", values);
    }
    floats("values", values);
    shape("values", values, gradient.rows(), gradient.cols(), values.dtype());
    contiguous("values", values);
    writable("values", values.segment());
    noOverlap("values", values, "gradient", gradient);
    noOverlap("master", master, "m", m);
    noOverlap("m", m, "values", values);
    boolean same =
        values.dtype() == DType.F32 && values.segment().address() == master.segment().address();
    if (!same) {
      noOverlap("master", master, "values", values);
    }
    finite("gradScale", gradScale);
  }

  /** Native code would crash writing it, or, where the memory itself is writable, not notice. */
  static void writable(String what, MemorySegment segment) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException(what + ": is read-only memory, must be writable");
    }
  }

  /**
   * An output must not share memory with an input or another output; columns of one wider matrix
   * side by side are fine.
   */
  static void noOverlap(String outName, Matrix out, String inName, @Nullable Matrix in) {
    if (in == null) {
      return;
    }
    long a = out.segment().address();
    long b = in.segment().address();
    if (apart(a, out.extentBytes(), b, in.extentBytes())) {
      return;
    }
    long stride = out.rowStride() * out.dtype().bytes();
    if (stride == in.rowStride() * in.dtype().bytes() && stride > 0) {
      long distance = Math.floorMod(b - a, stride);
      if (distance >= out.cols() * out.dtype().bytes()
          && distance + in.cols() * in.dtype().bytes() <= stride) {
        return;
      }
    }
    throw shared(outName, inName);
  }

  /** An output that may be written over the input itself, row by row. */
  static void sameOrApart(String outName, Matrix out, String inName, Matrix in) {
    boolean same =
        out.segment().address() == in.segment().address() && out.rowStride() == in.rowStride();
    if (!same) {
      noOverlap(outName, out, inName, in);
    }
  }

  static void noOverlap(String outName, Matrix out, String inName, Ids in) {
    noOverlap(
        outName,
        out.segment(),
        out.extentBytes(),
        inName,
        in.segment(),
        in.count() * Integer.BYTES);
  }

  /** The same by the bytes from the first to the last, for masks and packed weights. */
  static void noOverlap(String outName, Matrix out, String inName, Mask in) {
    noOverlap(outName, out.segment(), out.extentBytes(), inName, in.segment(), in.extentBytes());
  }

  static void noOverlap(String outName, Mask out, String inName, Matrix in) {
    noOverlap(outName, out.segment(), out.extentBytes(), inName, in.segment(), in.extentBytes());
  }

  static void noOverlap(String outName, Mask out, String inName, Mask in) {
    noOverlap(outName, out.segment(), out.extentBytes(), inName, in.segment(), in.extentBytes());
  }

  static void noOverlap(String outName, Matrix out, String inName, Packed24 in) {
    noOverlap(outName, out.segment(), out.extentBytes(), inName, in.segment(), in.extentBytes());
  }

  static void noOverlap(String outName, Mask out, String inName, Packed24 in) {
    noOverlap(outName, out.segment(), out.extentBytes(), inName, in.segment(), in.extentBytes());
  }

  static void noOverlap(String outName, Packed24 out, String inName, @Nullable Matrix in) {
    if (in != null) {
      noOverlap(outName, out.segment(), out.extentBytes(), inName, in.segment(), in.extentBytes());
    }
  }

  static void noOverlap(String outName, Packed24 out, String inName, Mask in) {
    noOverlap(outName, out.segment(), out.extentBytes(), inName, in.segment(), in.extentBytes());
  }

  // The sizes are given: a device's segment has none.
  private static void noOverlap(
      String outName,
      MemorySegment out,
      long outBytes,
      String inName,
      MemorySegment in,
      long inBytes) {
    if (!apart(out.address(), outBytes, in.address(), inBytes)) {
      throw shared(outName, inName);
    }
  }

  private static boolean apart(long a, long aBytes, long b, long bBytes) {
    return a + aBytes <= b || b + bBytes <= a || aBytes == 0 || bBytes == 0;
  }

  private static IllegalArgumentException shared(String outName, String inName) {
    return new IllegalArgumentException(outName + ": shares memory with " + inName);
  }
}
