package io.sparse24.llm;

import io.sparse24.ChannelOrder;
import io.sparse24.Evidence;
import io.sparse24.Score;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Reorders the channels between layers of a block, see {@link ChannelOrder}: columns of the layer
 * that multiplies them, and rows of those that make them, so that the block computes what it did.
 */
final class ChannelFold {
  private final Session session;
  private final int[] order;

  /**
   * By the scores of the layer that multiplies the channels.
   *
   * @param w its weight, in host memory
   * @param gradient of it, if the score needs it
   */
  ChannelFold(
      Session session,
      LayerPlan plan,
      Matrix w,
      LayerPruner.Statistics statistics,
      LinearLayer layer,
      @Nullable Matrix gradient) {
    this.session = session;
    Score score = (Score) plan.method();
    try (Scratch copies = session.scratch();
        Arena arena = Arena.ofShared()) {
      Matrix scores = copies.matrix(w.rows(), w.cols(), DType.F32);
      var norms = statistics.norms(layer.input());
      score.compute(
          session,
          copies.upload(w),
          new Evidence(
              norms == null ? null : norms.squared(),
              gradient == null ? null : copies.upload(gradient)),
          scores);
      Matrix host = Matrix.allocate(arena, w.rows(), w.cols(), DType.F32);
      copies.download(scores, host);
      session.synchronize();
      this.order = ChannelOrder.of(host, plan.pattern());
    }
  }

  /** A host matrix with its rows in the new order. */
  Matrix rows(Matrix of, Arena arena) {
    Matrix copy = Matrix.allocate(arena, of.rows(), of.cols(), of.dtype());
    for (int i = 0; i < order.length; i++) {
      MemorySegment row = of.rowSlice(order[i], order[i] + 1L).segment();
      copy.rowSlice(i, i + 1L).segment().copyFrom(row.asSlice(0, of.cols() * of.dtype().bytes()));
    }
    return copy;
  }

  /** A host matrix with its columns in the new order. */
  Matrix columns(Matrix of, Arena arena) {
    Matrix copy = Matrix.allocate(arena, of.rows(), of.cols(), of.dtype());
    long width = of.dtype().bytes();
    for (long i = 0; i < of.rows(); i++) {
      MemorySegment from = of.rowSlice(i, i + 1).segment();
      MemorySegment to = copy.rowSlice(i, i + 1).segment();
      for (int j = 0; j < order.length; j++) {
        MemorySegment.copy(from, order[j] * width, to, j * width, width);
      }
    }
    return copy;
  }

  /** The same of a matrix in the session's memory, in place. */
  void columnsInSession(Matrix of) {
    try (Scratch copies = session.scratch();
        Arena arena = Arena.ofShared()) {
      Matrix host = Matrix.allocate(arena, of.rows(), of.cols(), of.dtype());
      copies.download(of, host);
      session.synchronize();
      session.copy(columns(host, arena).buffer(), of.buffer());
      session.synchronize();
    }
  }
}
