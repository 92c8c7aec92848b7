package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendSession;

/** The operations of {@link Session} that are steps of optimizers. */
final class Steps {
  private final Calls calls;
  private final BackendSession backend;
  private final String name;

  Steps(Calls calls) {
    this.calls = calls;
    this.backend = calls.backend();
    this.name = calls.name();
  }

  void adamw(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix v,
      Matrix values,
      AdamW settings,
      long step,
      float gradScale) {
    Checks.step(gradient, master, m, v, values, gradScale);
    if (step < 1) {
      throw new IllegalArgumentException("step: is " + step + ", must be at least 1");
    }
    try (Turn _ = calls.enter()) {
      calls.place("gradient", gradient);
      calls.place("master", master);
      calls.place("m", m);
      calls.place("v", v);
      calls.place("values", values);
      OperationEvent event = OperationEvent.start();
      backend.adamw(
          gradient,
          master,
          m,
          v,
          values,
          settings,
          step,
          gradScale,
          calls.kernel(Op.ADAMW, values.dtype()));
      OperationEvent.finish(event, Op.ADAMW, name, values.dtype(), 0, values.rows(), values.cols());
    }
  }

  void sgd(Matrix gradient, Matrix master, Matrix m, Matrix values, Sgd settings, float gradScale) {
    Checks.step(gradient, master, m, null, values, gradScale);
    try (Turn _ = calls.enter()) {
      calls.place("gradient", gradient);
      calls.place("master", master);
      calls.place("m", m);
      calls.place("values", values);
      OperationEvent event = OperationEvent.start();
      backend.sgd(
          gradient, master, m, values, settings, gradScale, calls.kernel(Op.SGD, values.dtype()));
      OperationEvent.finish(event, Op.SGD, name, values.dtype(), 0, values.rows(), values.cols());
    }
  }
}
