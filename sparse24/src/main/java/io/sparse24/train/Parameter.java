package io.sparse24.train;

import io.sparse24.api.AdamW;
import io.sparse24.api.DType;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import io.sparse24.format.TensorType;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Numbers that are trained: master, gradient and the optimizer's states in F32, all of one shape
 * and without gaps. The values that products read are its owner's.
 */
final class Parameter {
  private final Session session;
  private final Rule rule;
  private final Matrix master;
  private final Matrix gradient;
  private final Matrix m;
  private final @Nullable Matrix v;
  private final Matrix norms;
  private final HostBuffer normsOnHost;
  private boolean pending;
  private long steps;

  /** All in {@code memory}; states are 0, the master is its owner's to write. */
  Parameter(Session session, Scratch memory, long rows, long cols, Rule rule) {
    this.session = session;
    this.rule = rule;
    this.master = memory.matrix(rows, cols, DType.F32);
    this.gradient = memory.matrix(rows, cols, DType.F32);
    this.m = zeros(session, memory, rows, cols);
    this.v = rule == Rule.ADAMW ? zeros(session, memory, rows, cols) : null;
    this.norms = memory.matrix(1, cols, DType.F32);
    this.normsOnHost = HostBuffer.allocate(Arena.ofAuto(), norms.buffer().byteSize());
  }

  private static Matrix zeros(Session session, Scratch memory, long rows, long cols) {
    Matrix matrix = memory.matrix(rows, cols, DType.F32);
    try (Arena arena = Arena.ofConfined()) {
      session.copy(Matrix.allocate(arena, rows, cols, DType.F32).buffer(), matrix.buffer());
      session.synchronize();
    }
    return matrix;
  }

  Matrix master() {
    return master;
  }

  Matrix gradient() {
    return gradient;
  }

  /** Steps made. */
  long steps() {
    return steps;
  }

  void requireGradient() {
    if (!pending) {
      throw new IllegalStateException("there is no gradient: call backward first");
    }
  }

  void requireNoGradient() {
    if (pending) {
      throw new IllegalStateException(
          "there is a gradient, which is not saved: call step or discardGradient first");
    }
  }

  /** Factor of what the gradient holds, for what is added to it. */
  float beta() {
    return pending ? 1 : 0;
  }

  /** Something was added to the gradient. */
  void added() {
    pending = true;
  }

  /** Adds a product in the working type. */
  void add(Matrix product) {
    session.axpby(1, product, beta(), gradient);
    added();
  }

  void discard() {
    pending = false;
  }

  /** Σ g², F64 sums of each column, rounded to F32, then F64. */
  double squaredNorm() {
    session.accumulateNorms(gradient, norms, 0, 1);
    session.copy(norms.buffer(), normsOnHost);
    double sum = 0;
    for (long j = 0; j < norms.cols(); j++) {
      sum += DType.F32.get(normsOnHost.segment(), j * Float.BYTES);
    }
    return sum;
  }

  /** Before anything of a step is done. */
  void check(Optimizer settings, float gradScale) {
    requireGradient();
    if (Rule.of(settings) != rule) {
      throw new IllegalArgumentException(
          "settings: are of " + Rule.of(settings) + ", the layer has the states of " + rule);
    }
    if (!(gradScale > 0 && Float.isFinite(gradScale))) {
      throw new IllegalArgumentException(
          "gradScale: is " + gradScale + ", must be finite and greater than 0");
    }
  }

  /** values may be the master. */
  void step(Optimizer settings, float gradScale, Matrix values) {
    long next = steps + 1;
    switch (settings) {
      case AdamW adamw ->
          session.adamw(
              gradient, master, m, Objects.requireNonNull(v), values, adamw, next, gradScale);
      case Sgd sgd -> session.sgd(gradient, master, m, values, sgd, gradScale);
    }
    steps = next;
    pending = false;
  }

  long masterBytes() {
    return master.buffer().byteSize();
  }

  long stateBytes() {
    return rule.states() * masterBytes();
  }

  /** Master, gradient and states. */
  long bytes() {
    return 2 * masterBytes() + stateBytes();
  }

  /** What a checkpoint keeps. */
  void describe(String name, State state) {
    long[] shape = {master.rows(), master.cols()};
    state.buffer(name + ".master", TensorType.F32, master.buffer(), shape);
    state.buffer(name + ".m", TensorType.F32, m.buffer(), shape);
    if (v != null) {
      state.buffer(name + ".v", TensorType.F32, v.buffer(), shape);
    }
    state.counter(name + ".steps", () -> steps, restored -> steps = restored);
  }
}
