package io.sparse24;

import java.util.List;

/** The list of scores: one line each. */
public final class Scores {
  /** Every score. */
  public static final List<Score> ALL =
      List.of(
          new MagnitudeScore(),
          new WandaScore(),
          new RiaScore(),
          new GblmScore(),
          new PrunerZeroScore(),
          new MoePrunerScore(),
          new RandomScore());

  private Scores() {}

  /**
   * Finds a score.
   *
   * @param name as users write it
   * @return the score
   * @throws IllegalArgumentException if there is none, with the names there are
   */
  public static Score named(String name) {
    for (Score score : ALL) {
      if (score.name().equals(name)) {
        return score;
      }
    }
    throw new IllegalArgumentException(
        "method: is '"
            + name
            + "', must be one of "
            + String.join(", ", ALL.stream().map(Score::name).toList()));
  }
}
