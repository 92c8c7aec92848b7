package io.sparse24.api;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a multiplication does with its sums: {@code Y = act(alpha · X Wᵀ + beta · C + bias)}.
 * Immutable; make it once and use it for every call.
 *
 * @param alpha factor of the product
 * @param beta factor of C; at 0, C is ignored, whatever its shape
 * @param bias {@code [1, n]} F32, or null
 * @param activation the function at the end
 */
public record Epilogue(float alpha, float beta, @Nullable Matrix bias, Activation activation) {
  /** Y = X Wᵀ. */
  public static final Epilogue NONE = new Epilogue(1, 0, null, Activation.NONE);

  /**
   * Checks the bias.
   *
   * @param alpha factor of the product
   * @param beta factor of C; at 0, C is ignored, whatever its shape
   * @param bias {@code [1, n]} F32, or null
   * @param activation the function at the end
   */
  public Epilogue {
    Objects.requireNonNull(activation, "activation");
    if (bias != null && (bias.rows() != 1 || bias.dtype() != DType.F32)) {
      throw new IllegalArgumentException("bias: is " + bias + ", must be 1 x n F32");
    }
  }

  /**
   * With a bias and an activation.
   *
   * @param bias {@code [1, n]} F32
   * @param activation the function at the end
   * @return the epilogue
   */
  public static Epilogue of(Matrix bias, Activation activation) {
    return new Epilogue(1, 0, bias, activation);
  }
}
