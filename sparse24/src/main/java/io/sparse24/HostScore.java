package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;

/**
 * What scores that are computed in Java have in common: their matrices come to the host and go
 * back.
 */
final class HostScore implements AutoCloseable {
  private final Session session;
  private final Scratch copies;
  private final Arena arena = Arena.ofConfined();

  HostScore(Session session) {
    this.session = session;
    this.copies = session.scratch();
  }

  /** A copy on the host. */
  Matrix of(Matrix there) {
    Matrix here = Matrix.allocate(arena, there.rows(), there.cols(), there.dtype());
    copies.download(there, here);
    session.synchronize();
    return here;
  }

  /** The score of an element. */
  interface Element {
    double at(long row, int column);
  }

  /** Each element, rounded to F32 once. */
  void put(Matrix out, Element element) {
    Matrix scores = Matrix.allocate(arena, out.rows(), out.cols(), DType.F32);
    for (long i = 0; i < out.rows(); i++) {
      for (int j = 0; j < out.cols(); j++) {
        scores.set(i, j, (float) element.at(i, j));
      }
    }
    session.copy(copies.upload(scores).buffer(), out.buffer());
    session.synchronize();
  }

  @Override
  public void close() {
    copies.close();
    arena.close();
  }
}
