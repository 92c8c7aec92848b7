package io.sparse24.train;

import io.sparse24.api.AdamW;
import io.sparse24.api.Optimizer;
import io.sparse24.api.Sgd;

/** Which optimizer a layer keeps states for. */
public enum Rule {
  /** Stochastic gradient descent with momentum: one state. */
  SGD,
  /** AdamW: two states. */
  ADAMW;

  static Rule of(Optimizer settings) {
    return switch (settings) {
      case Sgd _ -> SGD;
      case AdamW _ -> ADAMW;
    };
  }

  /** How many numbers are kept for each parameter. */
  int states() {
    return this == ADAMW ? 2 : 1;
  }
}
