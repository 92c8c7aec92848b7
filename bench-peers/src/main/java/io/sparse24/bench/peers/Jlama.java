package io.sparse24.bench.peers;

import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.BFloat16BufferTensor;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;

/**
 * A product by Jlama's operations on tensors: BF16 or F32 in, F32 out; threads share W's rows. For
 * some m and n its native kernels leave a few elements unwritten (seen at m = 16, n = 4096, on one
 * thread too): a check finds that, and there is nothing to time.
 */
final class Jlama implements Peer.Product {
  private static final int STEP = 16;

  private final TensorOperations operations;
  private final Workers workers;
  private final AbstractTensor<?, ?> x;
  private final AbstractTensor<?, ?>[] weights;
  private final FloatBufferTensor result;
  private final Matrix y;
  private final int n;
  private final int k;
  private int next;

  Jlama(TensorOperations operations, Matrix x, Matrix w, int copies, int threads) {
    this.operations = operations;
    this.workers = new Workers(threads);
    this.n = Math.toIntExact(w.rows());
    this.k = Math.toIntExact(w.cols());
    this.x = copy(x);
    this.weights = new AbstractTensor<?, ?>[copies];
    for (int i = 0; i < copies; i++) {
      weights[i] = copy(w);
    }
    this.result = new FloatBufferTensor(shape(x.rows(), n));
    this.y = Matrix.of(result.getMemorySegment(), x.rows(), n, DType.F32);
  }

  /** Sums of other lengths are wrong, or fail. */
  static boolean multiplies(DType dtype, long k) {
    return (dtype == DType.F32 || dtype == DType.BF16) && k % 32 == 0;
  }

  /** Whether operations can be used here; they find out only when called. */
  static void check(TensorOperations operations) {
    FloatBufferTensor one = new FloatBufferTensor(shape(1, 32));
    operations.dotProductChunk(new FloatBufferTensor(shape(1, 1)), one, one, 0, 32, 0, 1);
  }

  private static TensorShape shape(long rows, long cols) {
    return TensorShape.of(Math.toIntExact(rows), Math.toIntExact(cols));
  }

  private static AbstractTensor<?, ?> copy(Matrix from) {
    TensorShape shape = shape(from.rows(), from.cols());
    AbstractTensor<?, ?> tensor =
        from.dtype() == DType.F32 ? new FloatBufferTensor(shape) : new BFloat16BufferTensor(shape);
    tensor.getMemorySegment().copyFrom(from.segment());
    return tensor;
  }

  @Override
  public void run() {
    AbstractTensor<?, ?> weight = weights[next];
    workers.split(
        n,
        STEP,
        (from, to) -> operations.dotProductChunk(result, x, weight, 0, k, from, to - from));
    next = next + 1 == weights.length ? 0 : next + 1;
  }

  @Override
  public Matrix y() {
    return y;
  }

  /** Tensors are freed when they are collected. */
  @Override
  public void close() {
    workers.close();
  }
}
