package io.sparse24.cli.demo;

import io.sparse24.Sparse24Matrix;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;

/** Y = act(X Wᵀ + bias) on a session, with W dense or 2:4. */
final class Linear implements AutoCloseable {
  private interface Product {
    void multiply(Matrix x, Matrix y, Epilogue epilogue);
  }

  private final Session session;
  private final Scratch memory;
  private final Product product;
  private final Epilogue epilogue;

  private Linear(Session session, Scratch memory, Product product, MiniLmWeights.Layer layer) {
    this.session = session;
    this.memory = memory;
    this.product = product;
    this.epilogue = Epilogue.of(memory.upload(layer.bias()), layer.activation());
  }

  static Linear dense(Session session, MiniLmWeights.Layer layer) {
    Scratch memory = session.scratch();
    Matrix w = memory.upload(layer.weight());
    return new Linear(session, memory, (x, y, e) -> session.gemm(x, w, null, y, e), layer);
  }

  /** The sparse weight stays the caller's, and is closed after this. */
  static Linear sparse(Session session, MiniLmWeights.Layer layer, Sparse24Matrix weight) {
    return new Linear(
        session, session.scratch(), (x, y, e) -> weight.multiply(x, null, y, e), layer);
  }

  /** On host matrices, wherever the session computes. */
  void apply(Matrix x, Matrix y) {
    if (session.info().hostMemory()) {
      multiply(x, y);
      return;
    }
    try (Scratch copies = session.scratch()) {
      Matrix result = copies.matrix(y.rows(), y.cols(), DType.F32);
      multiply(copies.upload(x), result);
      session.synchronize();
      copies.download(result, y);
    }
  }

  /** On matrices in the session's memory; a device only queues it. */
  void multiply(Matrix x, Matrix y) {
    product.multiply(x, y, epilogue);
  }

  @Override
  public void close() {
    memory.close();
  }
}
