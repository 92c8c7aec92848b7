package io.sparse24.llm;

import io.sparse24.ChannelOrder;
import io.sparse24.Evidence;
import io.sparse24.Gram;
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
  private final Channels channels;
  private final int[] rowOrder; // of those that make the channels
  private final int[] columnOrder; // of the layer

  /**
   * By the scores of the layer that multiplies the channels.
   *
   * @param w its weight, in host memory
   * @param gradient of it, if the score needs it
   */
  ChannelFold(
      Session session,
      LayerPlan plan,
      Channels channels,
      Matrix w,
      LayerPruner.Statistics statistics,
      LinearLayer layer,
      @Nullable Matrix gradient) {
    this.session = session;
    this.channels = channels;
    this.columnOrder = new int[Math.toIntExact(w.cols())];
    this.rowOrder = new int[columnOrder.length / channels.readers()];
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
      for (int first = 0; first < rowOrder.length; first += channels.width()) {
        order(first, ChannelOrder.of(stretch(host, first, arena), plan.pattern()));
      }
    }
  }

  /**
   * Scores of the channels from a row of the makers on; where many read them, one under another.
   */
  private Matrix stretch(Matrix scores, int firstRow, Arena arena) {
    int width = channels.width();
    int readers = channels.readers();
    long bytes = DType.F32.bytes();
    long stride = scores.cols();
    long first = (long) firstRow * readers;
    if (readers == 1) {
      return Matrix.of(scores.buffer(), first * bytes, scores.rows(), width, stride, DType.F32);
    }
    Matrix stacked = Matrix.allocate(arena, scores.rows() * readers, width, DType.F32);
    for (long row = 0; row < stacked.rows(); row++) {
      long from = row / readers * stride + first + row % readers * width;
      MemorySegment.copy(
          scores.segment(), from * bytes, stacked.segment(), row * width * bytes, width * bytes);
    }
    return stacked;
  }

  private void order(int firstRow, int[] order) {
    int width = channels.width();
    for (int i = 0; i < width; i++) {
      rowOrder[firstRow + i] = firstRow + order[i];
      for (int reader = 0; reader < channels.readers(); reader++) {
        int firstColumn = firstRow * channels.readers() + reader * width;
        columnOrder[firstColumn + i] = firstColumn + order[i];
      }
    }
  }

  /** A host matrix of those that make the channels, with its rows in the new order. */
  Matrix rows(Matrix of, Arena arena) {
    Matrix copy = Matrix.allocate(arena, of.rows(), of.cols(), of.dtype());
    for (int i = 0; i < rowOrder.length; i++) {
      MemorySegment row = of.rowSlice(rowOrder[i], rowOrder[i] + 1L).segment();
      copy.rowSlice(i, i + 1L).segment().copyFrom(row.asSlice(0, of.cols() * of.dtype().bytes()));
    }
    return copy;
  }

  /** A host matrix of the layer, with its columns in the new order. */
  Matrix columns(Matrix of, Arena arena) {
    return columns(of, columnOrder, arena);
  }

  /** A bias of those that make the channels, {@code [1, n]} on the host, in the new order. */
  Matrix bias(Matrix of, Arena arena) {
    return columns(of, rowOrder, arena);
  }

  private static Matrix columns(Matrix of, int[] order, Arena arena) {
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

  /** Inputs of the layer, or sums over them, in the session's memory: in the new order in place. */
  void columnsInSession(Matrix of) {
    inSession(of, columnOrder);
  }

  /** A bias of those that make the channels, in the session's memory: the same. */
  void biasInSession(Matrix of) {
    inSession(of, rowOrder);
  }

  /** Sums of products of two inputs: the same. */
  void inputs(Gram gram) {
    gram.reorder(columnOrder);
  }

  private void inSession(Matrix of, int[] order) {
    try (Scratch copies = session.scratch();
        Arena arena = Arena.ofShared()) {
      Matrix host = Matrix.allocate(arena, of.rows(), of.cols(), of.dtype());
      copies.download(of, host);
      session.synchronize();
      session.copy(columns(host, order, arena).buffer(), of.buffer());
      session.synchronize();
    }
  }
}
