package io.sparse24.bench;

import io.sparse24.api.DType;
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
  long n() {
    return shape.n();
  }

  long k() {
    return shape.k();
  }

  /** Copies of something of this size. */
  int copies(long bytes) {
    return (int) Math.max(1, Math.min(4096, (rotateBytes + bytes - 1) / Math.max(bytes, 1)));
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
}
