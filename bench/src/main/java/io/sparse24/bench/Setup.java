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
 * @param dtype element type
 * @param m tokens
 * @param shape the weight's
 * @param rotateBytes the copies together have at least so many bytes; 0 for one copy, warm in the
 *     caches
 */
record Setup(Session session, DType dtype, long m, Shape shape, long rotateBytes) {
  private static final long MOST_COPIES = 1 << 16;

  /** No operation here writes it. */
  private static final byte POISON = (byte) 0xA5;

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

  /** A random host matrix. */
  Matrix random(Arena arena, long rows, long cols, long seed) {
    Matrix matrix = Matrix.allocate(arena, rows, cols, dtype);
    new Gaussian(seed).fill(matrix);
    return matrix;
  }

  /** The same values in memory of the session that nobody else uses. */
  Matrix copy(Scratch scratch, Matrix host) {
    Matrix copy = scratch.matrix(host.rows(), host.cols(), host.dtype());
    session.copy(host.buffer(), copy.buffer());
    return copy;
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
