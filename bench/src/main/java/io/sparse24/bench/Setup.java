package io.sparse24.bench;

import io.sparse24.api.Buffer;
import io.sparse24.api.DType;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/**
 * What a workload is made from: a session, a shape, and how many copies of the weight take turns.
 *
 * @param session runs it
 * @param dtype element type, of the weight
 * @param xDtype element type of X
 * @param m tokens
 * @param shape the weight's
 * @param rotateBytes the copies together have at least so many bytes; 0 for one copy, warm in the
 *     caches
 */
record Setup(Session session, DType dtype, DType xDtype, long m, Shape shape, long rotateBytes) {
  private static final long MOST_COPIES = 1 << 16;

  /** No operation here writes it. */
  private static final byte POISON = (byte) 0xA5;

  /** With X of the weight's type, of BF16 where that has row scales. */
  Setup(Session session, DType dtype, long m, Shape shape, long rotateBytes) {
    this(session, dtype, dtype.scaled() ? DType.BF16 : dtype, m, shape, rotateBytes);
  }

  /** Element type of Y. */
  DType yDtype() {
    return xDtype.scaled() ? DType.BF16 : xDtype;
  }

  long n() {
    return shape.n();
  }

  long k() {
    return shape.k();
  }

  /** Copies of something of this size; tiny ones stay below rotateBytes, and rows say so. */
  int copies(long bytes) {
    long wanted = Math.ceilDiv(rotateBytes, Math.max(bytes, 1));
    return (int) Math.clamp(wanted, 1, MOST_COPIES);
  }

  /** A random host matrix; of a type with row scales, in F32. */
  static Matrix random(Arena arena, long rows, long cols, DType dtype, long seed) {
    Matrix matrix = Matrix.allocate(arena, rows, cols, dtype.scaled() ? DType.F32 : dtype);
    new Gaussian(seed).fill(matrix);
    return matrix;
  }

  /** A host matrix in a type with row scales; in another, itself. */
  static Matrix quantized(Session session, Arena arena, Matrix host, DType to) {
    if (!to.scaled()) {
      return host;
    }
    Matrix quantized = Matrix.allocate(arena, host.rows(), host.cols(), to);
    try (Scratch scratch = session.scratch()) {
      Matrix there = scratch.matrix(host.rows(), host.cols(), to);
      session.quantize(scratch.upload(host), there);
      scratch.download(there, quantized);
    }
    return quantized;
  }

  /** The same values in memory of the session that nobody else uses. */
  Matrix copy(Scratch scratch, Matrix host) {
    Matrix copy = scratch.matrix(host.rows(), host.cols(), host.dtype());
    session.copy(host.buffer(), copy.buffer());
    Matrix scales = host.rowScales();
    return scales == null ? copy : copy.withRowScales(copy(scratch, scales));
  }

  /** Overwrites memory of the session, so that a result left over from before is seen as wrong. */
  void poison(Buffer buffer) {
    try (Arena temporary = Arena.ofConfined()) {
      HostBuffer poison = HostBuffer.allocate(temporary, buffer.byteSize());
      poison.segment().fill(POISON);
      session.copy(poison, buffer);
      session.synchronize();
    }
  }
}
