package io.sparse24;

import io.sparse24.api.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * What a layer did with its weight, for a {@link Score} to judge by; all in the session's memory.
 *
 * @param norms squared column norms {@code [1, k]} F32 of the inputs, see {@link ColumnNorms}; null
 *     where the score needs none
 * @param gradient {@code [n, k]} F32, the sum over sequences of |∂loss/∂W|; null where the score
 *     needs none
 */
public record Evidence(@Nullable Matrix norms, @Nullable Matrix gradient) {
  /** Of nothing. */
  public static final Evidence NONE = new Evidence(null, null);
}
