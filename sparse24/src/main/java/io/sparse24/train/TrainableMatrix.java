package io.sparse24.train;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.TensorInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;

/**
 * A matrix that is trained but that no linear layer multiplies with, such as the table of an
 * embedding or the weights of a norm: values, and a master, a gradient and the optimizer's states
 * in F32. Who computes the gradient adds it to {@link #gradient}.
 */
public final class TrainableMatrix implements AutoCloseable {
  private final Session session;
  private final Scratch memory;
  private final Parameter parameter;
  private final Matrix values;

  private TrainableMatrix(Session session, Matrix w, DType dtype, Rule rule) {
    this.session = session;
    Objects.requireNonNull(rule, "rule");
    Arguments.floats("w", w.dtype());
    Arguments.floats("dtype", dtype);
    this.memory = session.scratch();
    try (Scratch scratch = session.scratch()) {
      this.parameter = new Parameter(session, memory, w.rows(), w.cols(), rule);
      this.values =
          dtype == DType.F32 ? parameter.master() : memory.matrix(w.rows(), w.cols(), dtype);
      session.cast(scratch.upload(w), parameter.master());
      cast();
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /**
   * From values to start with.
   *
   * @param session works with it
   * @param w host matrix of F32, BF16 or F16; copied
   * @param dtype type of {@link #values}: F32, BF16 or F16
   * @param rule which states it keeps
   * @return closed by the caller, before the session
   */
  public static TrainableMatrix of(Session session, Matrix w, DType dtype, Rule rule) {
    return new TrainableMatrix(session, w, dtype, rule);
  }

  private void cast() {
    if (values != parameter.master()) {
      session.cast(parameter.master(), values);
    }
  }

  /**
   * What operations read.
   *
   * @return in the session's memory, one object as long as this lives
   */
  public Matrix values() {
    return values;
  }

  /**
   * Where a gradient is added; the first call after a step sets it to 0.
   *
   * @return F32, in the session's memory
   */
  public Matrix gradient() {
    Matrix gradient = parameter.gradient();
    if (parameter.beta() == 0) {
      session.axpby(0, parameter.master(), 0, gradient);
      parameter.added();
    }
    return gradient;
  }

  /**
   * The squared L2 norm of the gradient, as {@link TrainableLinear#squaredGradientNorm}.
   *
   * @return the sum of squares
   * @throws IllegalStateException if there is no gradient
   */
  public double squaredGradientNorm() {
    parameter.requireGradient();
    return parameter.squaredNorm();
  }

  /**
   * A step of the optimizer, as {@link TrainableLinear#step}.
   *
   * @param settings of the rule it was made for
   * @param gradScale factor of the gradient
   * @throws IllegalStateException if there is no gradient
   */
  public void step(Optimizer settings, float gradScale) {
    parameter.check(settings, gradScale);
    parameter.step(settings, gradScale, values);
  }

  /**
   * Bytes kept between steps.
   *
   * @return values, master, gradient and states
   */
  public long byteSize() {
    long beside = values == parameter.master() ? 0 : values.buffer().byteSize();
    return beside + parameter.bytes();
  }

  /**
   * A copy of the values.
   *
   * @param arena holds it
   * @return host matrix
   */
  public Matrix host(Arena arena) {
    Matrix out = Matrix.allocate(arena, values.rows(), values.cols(), values.dtype());
    memory.download(values, out);
    return out;
  }

  private State describe(String name) {
    State state = new State(session);
    parameter.describe(name, state);
    return state;
  }

  /**
   * The tensors of a checkpoint that goes on bit for bit.
   *
   * @param name which their names begin with
   * @return in the order of {@link #save}
   */
  public List<TensorInfo> state(String name) {
    return describe(name).infos();
  }

  /**
   * Writes these tensors.
   *
   * @param name as {@link #state} had it
   * @param to comes to them next
   * @throws IOException if they can't be written
   * @throws IllegalStateException if there is a gradient without a step
   */
  public void save(String name, SafetensorsWriter to) throws IOException {
    parameter.requireNoGradient();
    describe(name).save(to);
  }

  /**
   * Takes the state of one that was made alike.
   *
   * @param name as it was saved under
   * @param from has its tensors
   * @throws IOException if a tensor is missing
   * @throws IllegalArgumentException if a tensor is not of its type and shape, before anything is
   *     changed
   */
  public void restore(String name, Safetensors from) throws IOException {
    describe(name).restore(from);
    parameter.discard();
    cast();
  }

  /** Frees its memory. A second call does nothing. */
  @Override
  public void close() {
    memory.close();
  }
}
