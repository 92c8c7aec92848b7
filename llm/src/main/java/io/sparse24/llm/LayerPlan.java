package io.sparse24.llm;

import io.sparse24.Pattern;
import io.sparse24.PruningMethod;
import io.sparse24.Score;
import io.sparse24.format.SparseFormat;
import org.jspecify.annotations.Nullable;

/**
 * How a linear layer is pruned.
 *
 * @param method by what
 * @param pattern to what
 * @param format how it is stored
 * @param compensation what is put beside it, or null
 * @param reordered whether its input channels are reordered before, where other layers of the block
 *     make them: {@link io.sparse24.ChannelOrder}
 */
public record LayerPlan(
    PruningMethod method,
    Pattern pattern,
    SparseFormat format,
    @Nullable Compensation compensation,
    boolean reordered) {
  /** Checks. */
  public LayerPlan {
    if (!pattern.equals(Pattern.P2_4) && format != SparseFormat.DENSE) {
      throw new IllegalArgumentException(
          "format: " + format.id() + " holds 2:4 only, not " + pattern);
    }
    if (reordered && (pattern.unstructured() || !(method instanceof Score))) {
      throw new IllegalArgumentException(
          "reordered: is for scores and n:m patterns, not for "
              + method.name()
              + " with "
              + pattern);
    }
  }

  /**
   * In the order that it has.
   *
   * @param method by what
   * @param pattern to what
   * @param format how it is stored
   * @param compensation what is put beside it, or null
   */
  public LayerPlan(
      PruningMethod method,
      Pattern pattern,
      SparseFormat format,
      @Nullable Compensation compensation) {
    this(method, pattern, format, compensation, false);
  }

  /**
   * Without compensation.
   *
   * @param method by what
   * @param pattern to what
   * @param format how it is stored
   */
  public LayerPlan(PruningMethod method, Pattern pattern, SparseFormat format) {
    this(method, pattern, format, null, false);
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
        + (compensation == null ? "" : " + " + compensation)
        + (reordered ? ", reordered" : "");
  }
}
