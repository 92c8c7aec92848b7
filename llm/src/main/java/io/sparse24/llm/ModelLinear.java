package io.sparse24.llm;

import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Activation;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer that is run: Y = X Wᵀ, W dense or 2:4, plus adapters where the model has them; for
 * an encoder with bias and activation.
 */
final class ModelLinear implements AutoCloseable {
  private static final Epilogue ADD = new Epilogue(1, 1, null, Activation.NONE);

  private final Session session;
  private final @Nullable Matrix dense;
  private final @Nullable Sparse24Matrix sparse;
  private @Nullable Adapters adapters;
  private @Nullable Matrix bias;
  private Activation activation = Activation.NONE;

  /**
   * A low-rank term (X Lᵀ) Rᵀ, of SLoPe's training or to make up for pruning.
   *
   * @param l {@code [rank, k]}
   * @param r {@code [n, rank]}
   * @param t room for X Lᵀ, {@code [most rows of X, rank]}
   */
  record Adapters(Matrix l, Matrix r, Matrix t) {}

  private ModelLinear(Session session, @Nullable Matrix dense, @Nullable Sparse24Matrix sparse) {
    this.session = session;
    this.dense = dense;
    this.sparse = sparse;
  }

  static ModelLinear dense(Session session, Matrix w) {
    return new ModelLinear(session, w, null);
  }

  static ModelLinear sparse(Session session, Sparse24Matrix w) {
    return new ModelLinear(session, null, w);
  }

  void attach(Adapters term) {
    adapters = term;
  }

  /** What an encoder's layer has at its end. */
  ModelLinear ending(Matrix shift, Activation function) {
    bias = shift;
    activation = function;
    return this;
  }

  /** Takes what the layer that it replaces has beside its weight. */
  void attach(ModelLinear before) {
    adapters = before.adapters;
    bias = before.bias;
    activation = before.activation;
  }

  @Nullable Matrix bias() {
    return bias;
  }

  boolean isSparse() {
    return sparse != null;
  }

  /** Y = act(X Wᵀ + bias), plus C before the activation if it is not null. */
  void multiply(Matrix x, @Nullable Matrix c, Matrix y) {
    multiply(x, c, y, bias, activation);
  }

  /** Y = X Wᵀ and the adapters' term, without bias and activation. */
  void product(Matrix x, Matrix y) {
    multiply(x, null, y, null, Activation.NONE);
  }

  private void multiply(
      Matrix x, @Nullable Matrix c, Matrix y, @Nullable Matrix shift, Activation function) {
    Adapters term = adapters;
    Matrix addend = c;
    if (term != null) {
      // First, so that it is inside the activation.
      Matrix t = term.t().rowSlice(0, x.rows());
      session.gemm(x, term.l(), t);
      session.gemm(t, term.r(), c, y, c == null ? Epilogue.NONE : ADD);
      addend = y;
    }
    Epilogue epilogue = new Epilogue(1, addend == null ? 0 : 1, shift, function);
    if (sparse == null) {
      session.gemm(x, Objects.requireNonNull(dense), addend, y, epilogue);
    } else {
      sparse.multiply(x, addend, y, epilogue);
    }
  }

  @Override
  public void close() {
    if (sparse != null) {
      sparse.close();
    }
  }
}
