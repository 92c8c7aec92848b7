package io.sparse24.cli.demo;

import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.llm.SentenceEncoder;

/** Y = act(X Wᵀ + bias) of host matrices, wherever the session computes; W dense or 2:4. */
final class Linear implements SentenceEncoder.Linear, AutoCloseable {
  private interface Product {
    void multiply(Matrix x, Matrix y, Epilogue epilogue);
  }

  private final Session session;
  private final Scratch memory;
  private final Product product;
  private final Runnable freeWeight;
  private final long weightBytes;
  private final Epilogue epilogue;

  private Linear(
      Session session,
      MiniLmWeights.Layer layer,
      Product product,
      Runnable freeWeight,
      long weightBytes) {
    this.session = session;
    this.product = product;
    this.freeWeight = freeWeight;
    this.weightBytes = weightBytes;
    this.memory = session.scratch();
    this.epilogue = Epilogue.of(memory.upload(layer.bias()), layer.activation());
  }

  static Linear dense(Session session, MiniLmWeights.Layer layer) {
    Scratch weight = session.scratch();
    Matrix w = weight.upload(layer.weight());
    return new Linear(
        session,
        layer,
        (x, y, e) -> session.gemm(x, w, null, y, e),
        weight::close,
        w.rows() * w.cols() * w.dtype().bytes());
  }

  static Linear sparse(Session session, MiniLmWeights.Layer layer, Compressed24 pruned) {
    Sparse24Matrix w = Sparse24Matrix.of(session, pruned);
    return new Linear(
        session, layer, (x, y, e) -> w.multiply(x, null, y, e), w::close, w.byteSize());
  }

  /** Size of the weight in the form it is multiplied in. */
  long weightBytes() {
    return weightBytes;
  }

  @Override
  public void apply(Matrix x, Matrix y) {
    if (session.info().hostMemory()) {
      product.multiply(x, y, epilogue);
      return;
    }
    try (Scratch copies = session.scratch()) {
      Matrix result = copies.matrix(y.rows(), y.cols(), DType.F32);
      product.multiply(copies.upload(x), result, epilogue);
      session.synchronize();
      copies.download(result, y);
    }
  }

  @Override
  public void close() {
    memory.close();
    freeWeight.run();
  }
}
