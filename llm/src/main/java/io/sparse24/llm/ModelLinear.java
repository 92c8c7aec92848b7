package io.sparse24.llm;

import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Activation;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A linear layer that is run: Y = X Wᵀ, W dense or 2:4, plus adapters where the model has them. */
final class ModelLinear implements AutoCloseable {
  private static final Epilogue ADD = new Epilogue(1, 1, null, Activation.NONE);

  private final Session session;
  private final @Nullable Matrix dense;
  private final @Nullable Sparse24Matrix sparse;
  private @Nullable Adapters adapters;

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

  /** Takes the adapters of the layer that it replaces, if there are any. */
  void attach(ModelLinear before) {
    adapters = before.adapters;
  }

  boolean isSparse() {
    return sparse != null;
  }

  /** Y = X Wᵀ, plus C if it is not null. */
  void multiply(Matrix x, @Nullable Matrix c, Matrix y) {
    Epilogue epilogue = c == null ? Epilogue.NONE : ADD;
    if (sparse == null) {
      session.gemm(x, Objects.requireNonNull(dense), c, y, epilogue);
    } else {
      sparse.multiply(x, c, y, epilogue);
    }
    Adapters term = adapters;
    if (term != null) {
      Matrix t = term.t().rowSlice(0, x.rows());
      session.gemm(x, term.l(), t);
      session.gemm(t, term.r(), y, y, ADD);
    }
  }

  @Override
  public void close() {
    if (sparse != null) {
      sparse.close();
    }
  }
}
