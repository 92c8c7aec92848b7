package io.sparse24.bench;

import io.sparse24.api.reference.Tolerance;

/** Collects how far results are from the oracle's, and fails at the first that is too far. */
final class Errors {
  private final Tolerance tolerance;
  private double error;
  private double largest;

  Errors(Tolerance tolerance) {
    this.tolerance = tolerance;
  }

  /**
   * Compares one element.
   *
   * @throws WrongResult beyond the tolerance
   */
  void add(String what, long row, long col, double expected, double actual) {
    if (!tolerance.accepts(expected, actual)) {
      throw new WrongResult(
          what
              + "["
              + row
              + ", "
              + col
              + "] is "
              + actual
              + ", the oracle has "
              + expected
              + " and allows "
              + tolerance);
    }
    error = Math.max(error, Math.abs(actual - expected));
    largest = Math.max(largest, Math.abs(expected));
  }

  /** Largest error over the largest expected value. */
  double relative() {
    return largest == 0 ? 0 : error / largest;
  }
}
