package io.sparse24.train;

import io.sparse24.api.Activation;
import io.sparse24.api.AdamW;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import java.lang.foreign.Arena;

/**
 * A layer's bias {@code [1, n]}, 0 at first; products read its master. It is not decayed, as is
 * usual.
 */
final class Bias {
  private final Session session;
  private final Parameter parameter;
  private final Epilogue plain;
  private final Epilogue withC;

  Bias(Session session, Scratch memory, long n, Rule rule) {
    this.session = session;
    this.parameter = new Parameter(session, memory, 1, n, rule);
    Matrix b = parameter.master();
    try (Arena arena = Arena.ofConfined()) {
      session.copy(Matrix.allocate(arena, 1, n, b.dtype()).buffer(), b.buffer());
      session.synchronize();
    }
    this.plain = Epilogue.of(b, Activation.NONE);
    this.withC = new Epilogue(1, 1, b, Activation.NONE);
  }

  Parameter parameter() {
    return parameter;
  }

  Epilogue epilogue(boolean c) {
    return c ? withC : plain;
  }

  /**
   * Adds the sums of dY's columns.
   *
   * @param dyT {@code [n, m]}
   * @param ones {@code [1, m]}
   * @param product {@code [1, n]}, written
   */
  void accumulate(Matrix dyT, Matrix ones, Matrix product) {
    session.gemm(ones, dyT, product);
    parameter.add(product);
  }

  void step(Optimizer settings, float gradScale) {
    Optimizer undecayed =
        switch (settings) {
          case AdamW a -> new AdamW(a.lr(), a.beta1(), a.beta2(), a.epsilon(), 0);
          case Sgd s -> new Sgd(s.lr(), s.momentum(), 0);
        };
    parameter.step(undecayed, gradScale, parameter.master());
  }
}
