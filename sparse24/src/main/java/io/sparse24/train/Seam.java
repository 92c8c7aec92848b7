package io.sparse24.train;

import io.sparse24.api.Compressed24;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import java.lang.foreign.MemorySegment;

/**
 * Stands in for three operations of {@link Session} until it has them: each call here becomes the
 * one of the same name and arguments there, and this class goes. On the host only.
 */
final class Seam {
  private Seam() {}

  /** out.values = Wᵀ's values at out.mask, +0 where W keeps none. */
  static void refresh24(Session session, Compressed24 in, Compressed24 out) {
    session.synchronize();
    int width = in.dtype().bytes();
    for (long j = 0; j < in.k(); j++) {
      long slot = 0;
      for (long i = 0; i < in.n(); i++) {
        if (!out.mask().get(j, i)) {
          continue;
        }
        if (slot == i / 4 * 2 + 2) {
          throw new Sparse24Exception.BadData("out.mask keeps more than 2 of 4 at row " + j);
        }
        if (in.mask().get(i, j)) {
          long from = i * in.values().rowStride() + slotOf(in.mask(), i, j);
          long to = j * out.values().rowStride() + slot;
          MemorySegment.copy(
              in.values().segment(), from * width, out.values().segment(), to * width, width);
        } else {
          out.values().set(j, slot, 0);
        }
        slot++;
      }
    }
  }

  private static long slotOf(Mask mask, long row, long col) {
    long slot = col / 4 * 2;
    for (long c = col / 4 * 4; c < col; c++) {
      slot += mask.get(row, c) ? 1 : 0;
    }
    return slot;
  }

  /** out = xᵀ. */
  static void transpose(Session session, Matrix x, Matrix out) {
    session.synchronize();
    int width = x.dtype().bytes();
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        MemorySegment.copy(
            x.segment(),
            (i * x.rowStride() + j) * width,
            out.segment(),
            (j * out.rowStride() + i) * width,
            width);
      }
    }
  }

  /** y = alpha · x + beta · y. */
  static void axpby(Session session, float alpha, Matrix x, float beta, Matrix y) {
    session.synchronize();
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        float before = beta == 0 ? 0 : beta * y.get(i, j);
        y.set(i, j, alpha * x.get(i, j) + before);
      }
    }
  }
}
