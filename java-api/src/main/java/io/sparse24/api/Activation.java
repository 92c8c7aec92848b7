package io.sparse24.api;

/** The function at the end of a multiplication. */
public enum Activation {
  /** v. */
  NONE,
  /** max(v, 0). */
  RELU,
  /** v/2 · (1 + tanh(√(2/π)(v + 0.044715 v³))). */
  GELU_TANH,
  /** v/2 · (1 + erf(v/√2)). */
  GELU_ERF,
  /** v / (1 + e⁻ᵛ). */
  SILU;

  /**
   * The function in double precision.
   *
   * @param v its argument
   * @return its value
   */
  public double apply(double v) {
    return switch (this) {
      case NONE -> v;
      case RELU -> Math.max(v, 0);
      case GELU_TANH ->
          0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
      case GELU_ERF -> 0.5 * v * Erf.erfc(-v / Math.sqrt(2));
      case SILU -> v / (1 + Math.exp(-v));
    };
  }
}
