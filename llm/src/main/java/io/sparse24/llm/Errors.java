package io.sparse24.llm;

import io.sparse24.api.Matrix;

/** How far a matrix is from another. */
final class Errors {
  private Errors() {}

  /** ‖actual − expected‖ / ‖expected‖, of Frobenius; 0 where both are 0. */
  static double relative(Matrix expected, Matrix actual) {
    double difference = 0;
    double size = 0;
    for (long i = 0; i < expected.rows(); i++) {
      for (long j = 0; j < expected.cols(); j++) {
        double value = expected.get(i, j);
        double apart = actual.get(i, j) - value;
        difference += apart * apart;
        size += value * value;
      }
    }
    return difference == 0 ? 0 : Math.sqrt(difference / size);
  }
}
