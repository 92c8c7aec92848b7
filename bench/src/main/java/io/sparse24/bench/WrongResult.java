package io.sparse24.bench;

/** A kernel computed something else than the oracle: there is nothing to time. */
public final class WrongResult extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  WrongResult(String message) {
    super(message);
  }
}
