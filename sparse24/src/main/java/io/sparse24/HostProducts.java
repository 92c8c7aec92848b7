package io.sparse24;

import io.sparse24.api.Activation;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/** Products on a session of F32 matrices that are in host memory, for methods that work there. */
final class HostProducts {
  private final Session session;

  HostProducts(Session session) {
    this.session = session;
  }

  /** A copy in F32. */
  Matrix wide(Matrix of, Arena arena) {
    Matrix copy = Matrix.allocate(arena, of.rows(), of.cols(), DType.F32);
    cast(of, copy);
    return copy;
  }

  /** Rounded to another type. */
  void cast(Matrix from, Matrix to) {
    try (Scratch copies = session.scratch()) {
      Matrix rounded = copies.matrix(to.rows(), to.cols(), to.dtype());
      session.cast(copies.upload(from), rounded);
      copies.download(rounded, to);
      session.synchronize();
    }
  }

  /** Y = X Wᵀ. */
  void multiply(Matrix x, Matrix w, Matrix y) {
    product(x, w, Epilogue.NONE, y);
  }

  /** Y -= X Wᵀ. */
  void subtract(Matrix x, Matrix w, Matrix y) {
    product(x, w, new Epilogue(-1, 1, null, Activation.NONE), y);
  }

  private void product(Matrix x, Matrix w, Epilogue epilogue, Matrix y) {
    try (Scratch copies = session.scratch()) {
      Matrix there = copies.upload(y); // y itself on the CPU
      session.gemm(copies.upload(x), copies.upload(w), there, there, epilogue);
      if (!session.info().hostMemory()) {
        copies.download(there, y);
      }
      session.synchronize();
    }
  }

  /** A copy with rows for columns. */
  Matrix transposed(Matrix of, Arena arena) {
    Matrix copy = Matrix.allocate(arena, of.cols(), of.rows(), DType.F32);
    try (Scratch copies = session.scratch()) {
      Matrix there = copies.matrix(of.cols(), of.rows(), DType.F32);
      session.transpose(copies.upload(of), there);
      copies.download(there, copy);
      session.synchronize();
    }
    return copy;
  }

  /** Some columns of a host matrix, at least one. */
  static Matrix columns(Matrix of, long from, long to) {
    return Matrix.of(
        HostBuffer.wrap(of.segment().asSlice(from * Float.BYTES)),
        0,
        of.rows(),
        to - from,
        of.rowStride(),
        DType.F32);
  }
}
