package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendSession;

/** The operations of {@link Session} between the forms of a weight and between element types. */
final class Conversions {
  private final Calls calls;
  private final BackendSession backend;
  private final String name;

  Conversions(Calls calls) {
    this.calls = calls;
    this.backend = calls.backend();
    this.name = calls.name();
  }

  void gather24(Matrix w, Compressed24 out) {
    Checks.compressed("out", out, w);
    Checks.writable("out.values", out.values().segment());
    Checks.noOverlap("out.values", out.values(), "w", w);
    Checks.noOverlap("out.values", out.values(), "out.mask", out.mask());
    try (Turn _ = calls.enter()) {
      calls.place("w", w);
      calls.place("out.values", out.values());
      calls.place("out.mask", out.mask());
      OperationEvent event = OperationEvent.start();
      backend.compress24(w, out.mask(), out.values(), calls.kernel(Op.COMPRESS24, w.dtype()));
      OperationEvent.finish(event, Op.COMPRESS24, name, w.dtype(), 0, w.rows(), w.cols());
    }
  }

  void decompress24(Compressed24 in, Matrix out) {
    Checks.compressed("in", in, out);
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "in.values", in.values());
    Checks.noOverlap("out", out, "in.mask", in.mask());
    try (Turn _ = calls.enter()) {
      calls.place("in.values", in.values());
      calls.place("in.mask", in.mask());
      calls.place("out", out);
      OperationEvent event = OperationEvent.start();
      backend.decompress24(in, out, calls.kernel(Op.DECOMPRESS24, out.dtype()));
      OperationEvent.finish(event, Op.DECOMPRESS24, name, out.dtype(), 0, in.n(), in.k());
    }
  }

  void applyMask(Matrix w, Mask mask, Matrix out) {
    Checks.shape("out", out, w.rows(), w.cols(), w.dtype());
    if (out.rowStride() != w.rowStride()) {
      throw new IllegalArgumentException(
          "out: has row stride " + out.rowStride() + ", must have w's, " + w.rowStride());
    }
    if (mask.rows() != w.rows() || mask.cols() != w.cols()) {
      throw new IllegalArgumentException("mask: is a " + mask + ", must fit w, " + w);
    }
    Checks.writable("out", out.segment());
    if (out.segment().address() != w.segment().address()) {
      Checks.noOverlap("out", out, "w", w);
    }
    Checks.noOverlap("out", out, "mask", mask);
    try (Turn _ = calls.enter()) {
      calls.place("w", w);
      calls.place("mask", mask);
      calls.place("out", out);
      OperationEvent event = OperationEvent.start();
      backend.applyMask(w, mask, out, calls.kernel(Op.APPLY_MASK, w.dtype()));
      OperationEvent.finish(event, Op.APPLY_MASK, name, w.dtype(), 0, w.rows(), w.cols());
    }
  }

  long packedBytes(DType dtype, int layout, long n, long k) {
    Checks.extent("n", n);
    Checks.extent("k", k);
    Checks.multiple("k", k, 4);
    Matrix.bytes(n, k, dtype); // bounds n · k
    try (Turn _ = calls.enter()) {
      return backend.packedBytes(n, k, dtype, layout);
    }
  }

  Packed24 pack24(Compressed24 in, int layout, Buffer buffer) {
    long bytes = packedBytes(in.dtype(), layout, in.n(), in.k());
    if (buffer.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "buffer: has " + buffer.byteSize() + " bytes, must have " + bytes);
    }
    Matrix scales = in.values().rowScales();
    Packed24 out = new Packed24(buffer, bytes, in.n(), in.k(), in.dtype(), layout, name, scales);
    if (out.segment().address() % 64 != 0) {
      throw new IllegalArgumentException("buffer: is not aligned to 64 bytes");
    }
    Checks.writable("buffer", out.segment());
    Checks.noOverlap("buffer", out, "in.values", in.values());
    Checks.noOverlap("buffer", out, "in.mask", in.mask());
    Checks.noOverlap("buffer", out, "in.scales", scales);
    try (Turn _ = calls.enter()) {
      calls.place("in.values", in.values());
      calls.place("in.mask", in.mask());
      calls.place("buffer", buffer);
      OperationEvent event = OperationEvent.start();
      backend.pack24(in, out, calls.kernel(Op.PACK24, in.dtype()));
      OperationEvent.finish(event, Op.PACK24, name, in.dtype(), 0, in.n(), in.k());
    }
    return out;
  }

  void unpack24(Packed24 in, Compressed24 out) {
    calls.packed("in", in);
    Checks.sized("out", out, in.n(), in.k(), in.dtype());
    Checks.output(out);
    Checks.noOverlap("out.values", out.values(), "in", in);
    Checks.noOverlap("out.mask", out.mask(), "in", in);
    try (Turn _ = calls.enter()) {
      calls.place("in", in);
      calls.place("out.values", out.values());
      calls.place("out.mask", out.mask());
      OperationEvent event = OperationEvent.start();
      backend.unpack24(in, out, calls.kernel(Op.UNPACK24, in.dtype()));
      OperationEvent.finish(event, Op.UNPACK24, name, in.dtype(), 0, in.n(), in.k());
    }
  }

  void quantize(Matrix x, Matrix out) {
    Checks.floats("x", x);
    if (out.rows() != x.rows() || out.cols() != x.cols() || !out.dtype().scaled()) {
      throw new IllegalArgumentException(
          "out: is " + out + ", must be " + x.rows() + " x " + x.cols() + " I8 or F8_E4M3");
    }
    Matrix scales = Checks.scales("out.scales", out.dtype(), out.rowScales(), out.rows());
    Checks.writable("out", out.segment());
    Checks.writable("out.scales", scales.segment());
    Checks.noOverlap("out", out, "x", x);
    Checks.noOverlap("out", out, "out.scales", scales);
    Checks.noOverlap("out.scales", scales, "x", x);
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("out", out);
      calls.place("out.scales", scales);
      OperationEvent event = OperationEvent.start();
      backend.quantize(x, out, calls.kernel(Op.QUANTIZE, out.dtype(), x.dtype()));
      OperationEvent.finish(
          event, Op.QUANTIZE, name, out.dtype(), x.dtype(), 0, x.rows(), x.cols());
    }
  }

  void transpose(Matrix x, Matrix out) {
    Checks.shape("out", out, x.cols(), x.rows(), x.dtype());
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "x", x);
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("out", out);
      OperationEvent event = OperationEvent.start();
      backend.transpose(x, out, calls.kernel(Op.TRANSPOSE, x.dtype()));
      OperationEvent.finish(event, Op.TRANSPOSE, name, x.dtype(), 0, x.rows(), x.cols());
    }
  }

  void axpby(float alpha, Matrix x, float beta, Matrix y) {
    Checks.floats("x", x);
    Checks.floats("y", y);
    Checks.shape("y", y, x.rows(), x.cols(), y.dtype() == DType.F32 ? DType.F32 : x.dtype());
    Checks.writable("y", y.segment());
    Checks.noOverlap("y", y, "x", x);
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("y", y);
      OperationEvent event = OperationEvent.start();
      backend.axpby(alpha, x, beta, y, calls.kernel(Op.AXPBY, y.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.AXPBY, name, y.dtype(), x.dtype(), 0, x.rows(), x.cols());
    }
  }

  void cast(Matrix x, Matrix out) {
    Checks.floats("out", out);
    Checks.shape("out", out, x.rows(), x.cols(), out.dtype());
    Matrix scales =
        x.dtype().scaled() ? Checks.scales("x.scales", x.dtype(), x.rowScales(), x.rows()) : null;
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "x", x);
    Checks.noOverlap("out", out, "x.scales", scales);
    try (Turn _ = calls.enter()) {
      calls.place("x", x);
      calls.place("x.scales", scales);
      calls.place("out", out);
      OperationEvent event = OperationEvent.start();
      backend.cast(x, out, calls.kernel(Op.CAST, out.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.CAST, name, out.dtype(), x.dtype(), 0, x.rows(), x.cols());
    }
  }
}
