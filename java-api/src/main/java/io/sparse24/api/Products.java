package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendSession;
import org.jspecify.annotations.Nullable;

/** The operations of {@link Session} that multiply matrices. */
final class Products {
  private final Calls calls;
  private final BackendSession backend;
  private final String name;

  Products(Calls calls) {
    this.calls = calls;
    this.backend = calls.backend();
    this.name = calls.name();
  }

  void spmm24(Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    calls.packed("w", w);
    Checks.gemm(x, w.n(), w.k(), w.dtype(), w.rowScales(), c, y, epilogue);
    Checks.noOverlap("y", y, "w", w);
    Matrix addend = epilogue.beta() == 0 ? null : c;
    try (Turn _ = calls.enter()) {
      calls.place("w", w);
      places(x, w.rowScales(), addend, y, epilogue);
      OperationEvent event = OperationEvent.start();
      backend.spmm24(x, w, addend, y, epilogue, calls.kernel(Op.SPMM24, w.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.SPMM24, name, w.dtype(), x.dtype(), x.rows(), w.n(), w.k());
    }
  }

  void spmm24(
      Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue, LowRank lowRank) {
    calls.packed("w", w);
    Checks.gemm(x, w.n(), w.k(), w.dtype(), w.rowScales(), c, y, epilogue);
    Checks.lowRank(x, w.n(), y, lowRank);
    Checks.noOverlap("y", y, "w", w);
    Matrix addend = epilogue.beta() == 0 ? null : c;
    try (Turn _ = calls.enter()) {
      calls.place("w", w);
      places(x, w.rowScales(), addend, y, epilogue);
      calls.place("t", lowRank.t());
      calls.place("r", lowRank.r());
      OperationEvent event = OperationEvent.start();
      backend.spmm24LowRank(
          x, w, addend, y, epilogue, lowRank, calls.kernel(Op.SPMM24, w.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.SPMM24, name, w.dtype(), x.dtype(), x.rows(), w.n(), w.k());
    }
  }

  void gemm(Matrix x, Matrix w, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    Checks.gemm(x, w.rows(), w.cols(), w.dtype(), w.rowScales(), c, y, epilogue);
    Checks.noOverlap("y", y, "w", w);
    Matrix addend = epilogue.beta() == 0 ? null : c;
    try (Turn _ = calls.enter()) {
      calls.place("w", w);
      places(x, w.rowScales(), addend, y, epilogue);
      OperationEvent event = OperationEvent.start();
      backend.gemm(x, w, addend, y, epilogue, calls.kernel(Op.GEMM, w.dtype(), x.dtype()));
      OperationEvent.finish(
          event, Op.GEMM, name, w.dtype(), x.dtype(), x.rows(), w.rows(), w.cols());
    }
  }

  private void places(
      Matrix x, @Nullable Matrix wScales, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    calls.place("x", x);
    calls.place("x.scales", x.rowScales());
    calls.place("w.scales", wScales);
    calls.place("y", y);
    calls.place("c", c);
    calls.place("bias", epilogue.bias());
  }

  void sddmm24(Matrix dy, Matrix x, Mask mask, Matrix values, float alpha, float beta) {
    Checks.floats("x", x);
    Checks.multiple("x: k", x.cols(), 4);
    if (mask.cols() != x.cols()) {
      throw new IllegalArgumentException(
          "mask: is a " + mask + ", must be n x " + x.cols() + " to fit x");
    }
    Checks.shape("dy", dy, x.rows(), mask.rows(), x.dtype());
    Checks.shape("values", values, mask.rows(), mask.cols() / 2, DType.F32);
    Checks.writable("values", values.segment());
    Checks.noOverlap("values", values, "dy", dy);
    Checks.noOverlap("values", values, "x", x);
    Checks.noOverlap("values", values, "mask", mask);
    try (Turn _ = calls.enter()) {
      calls.place("dy", dy);
      calls.place("x", x);
      calls.place("mask", mask);
      calls.place("values", values);
      OperationEvent event = OperationEvent.start();
      backend.sddmm24(dy, x, mask, values, alpha, beta, calls.kernel(Op.SDDMM24, x.dtype()));
      OperationEvent.finish(event, Op.SDDMM24, name, x.dtype(), x.rows(), mask.rows(), mask.cols());
    }
  }
}
