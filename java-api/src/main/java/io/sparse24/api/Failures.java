package io.sparse24.api;

import org.jspecify.annotations.Nullable;

/** Takes one step after the other, whatever fails; what failed first is thrown at the end. */
final class Failures {
  private @Nullable Throwable first;

  void guard(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      if (first == null) {
        first = e;
      } else if (!e.equals(first)) {
        first.addSuppressed(e);
      }
    }
  }

  /** The first failure, the others suppressed in it; nothing where there is none. */
  void rethrow() {
    if (first instanceof Error error) {
      throw error;
    }
    if (first instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
