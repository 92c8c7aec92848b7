package io.sparse24;

import java.util.List;

/** The list of ways to prune: one line each. */
public final class PruningMethods {
  /** Every score and every update. */
  public static final List<PruningMethod> ALL =
      List.of(
          new MagnitudeScore(),
          new WandaScore(),
          new RiaScore(),
          new GblmScore(),
          new PrunerZeroScore(),
          new MoePrunerScore(),
          new RandomScore(),
          new SparseGptUpdate(),
          new AdmmUpdate());

  private PruningMethods() {}

  /**
   * Finds one.
   *
   * @param name as users write it
   * @return the method
   * @throws IllegalArgumentException if there is none, with the names there are
   */
  public static PruningMethod named(String name) {
    for (PruningMethod method : ALL) {
      if (method.name().equals(name)) {
        return method;
      }
    }
    throw new IllegalArgumentException(
        "method: is '"
            + name
            + "', must be one of "
            + String.join(", ", ALL.stream().map(PruningMethod::name).toList()));
  }
}
