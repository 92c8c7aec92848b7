package io.sparse24;

import io.sparse24.api.Matrix;
import io.sparse24.api.Session;

/**
 * Prunes a weight and changes what stays, so that the layer's outputs change less: it minimizes ‖X
 * Wᵀ − X Ŵᵀ‖ by the Gram matrix XᵀX of the inputs. Weights are in host memory whatever the
 * session's backend; large products run on the session, factorizations in LAPACK.
 */
public non-sealed interface WeightUpdate extends PruningMethod {
  @Override
  default boolean needsGram() {
    return true;
  }

  /**
   * Prunes.
   *
   * @param session multiplies
   * @param w host weight {@code [n, k]}, k as the pattern needs it; unchanged
   * @param gram of the layer's inputs, k of them
   * @param pattern what may stay
   * @param out host matrix of the same shape and type, dense with zeros; written
   * @throws io.sparse24.api.Sparse24Exception.Unsupported if there is no LAPACK, with the places
   *     that were looked at
   * @throws io.sparse24.api.Sparse24Exception.BadData if w or the Gram matrix have a NaN or Inf
   */
  void prune(Session session, Matrix w, Gram gram, Pattern pattern, Matrix out);
}
