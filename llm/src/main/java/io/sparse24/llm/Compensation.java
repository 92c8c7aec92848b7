package io.sparse24.llm;

import java.util.Locale;

/**
 * A low-rank term that makes up for what pruning did to a layer; see {@link
 * io.sparse24.LowRankTerm}.
 *
 * @param kind which error it makes small
 * @param rank its rank, at least 1
 */
public record Compensation(Kind kind, int rank) {
  /** Which error. */
  public enum Kind {
    /** Of the weight: singular value decomposition. */
    SVD,
    /** Of the outputs: in the eigenspace of the inputs. */
    EORA
  }

  /** Checks. */
  public Compensation {
    if (rank < 1) {
      throw new IllegalArgumentException("rank: is " + rank + ", must be at least 1");
    }
  }

  /** {@code "svd 16"}. */
  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT) + " " + rank;
  }
}
