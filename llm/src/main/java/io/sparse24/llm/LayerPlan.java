package io.sparse24.llm;

import io.sparse24.Pattern;
import io.sparse24.PruningMethod;
import io.sparse24.format.SparseFormat;
import org.jspecify.annotations.Nullable;

/**
 * How a linear layer is pruned.
 *
 * @param method by what
 * @param pattern to what
 * @param format how it is stored
 * @param compensation what is put beside it, or null
 */
public record LayerPlan(
    PruningMethod method,
    Pattern pattern,
    SparseFormat format,
    @Nullable Compensation compensation) {
  /** Checks. */
  public LayerPlan {
    if (!pattern.equals(Pattern.P2_4) && format != SparseFormat.DENSE) {
      throw new IllegalArgumentException(
          "format: " + format.id() + " holds 2:4 only, not " + pattern);
    }
  }

  /**
   * Without compensation.
   *
   * @param method by what
   * @param pattern to what
   * @param format how it is stored
   */
  public LayerPlan(PruningMethod method, Pattern pattern, SparseFormat format) {
    this(method, pattern, format, null);
  }

  boolean needsGram() {
    return method.needsGram()
        || (compensation != null && compensation.kind() == Compensation.Kind.EORA);
  }

  boolean needsLapack() {
    return method.needsGram() || compensation != null;
  }

  /** All of it, to be compared with another run's. */
  @Override
  public String toString() {
    return method.name()
        + " "
        + pattern
        + " "
        + format.id()
        + (compensation == null ? "" : " + " + compensation);
  }
}
