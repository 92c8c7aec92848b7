package io.sparse24.train;

import io.sparse24.api.DType;
import io.sparse24.api.Mask;
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
import org.jspecify.annotations.Nullable;

/**
 * A dense layer: what SLoPe is compared with, and what stays dense in it, such as the head. The
 * gradient of W, {@code dYᵀ X}, is rounded to the workspace's type once a micro-batch and summed in
 * F32.
 */
public final class DenseLinear implements TrainableLinear {
  private final Workspace workspace;
  private final Session session;
  private final Scratch memory;
  private final long n;
  private final long k;
  private final Parameter weight;
  private final Matrix values;
  private final @Nullable Bias bias;
  private final Matrix transpose;
  private final Addend addend = new Addend();
  private @Nullable Views views;

  /** Places in the workspace for some number of tokens. */
  private record Views(
      long m, Matrix dyT, Matrix xT, Matrix product, Matrix ones, Matrix biasProduct) {}

  /** With values that are not the master, if {@code apart}, whatever the type. */
  DenseLinear(Workspace workspace, Matrix w, Rule rule, boolean withBias, boolean apart) {
    this.workspace = workspace;
    this.session = workspace.session();
    Objects.requireNonNull(rule, "rule");
    this.n = w.rows();
    this.k = w.cols();
    Arguments.extent("w: n", n);
    Arguments.extent("w: k", k);
    Arguments.floats("w", w.dtype());
    workspace.require(needs(n, k));
    this.memory = session.scratch();
    try (Scratch scratch = session.scratch()) {
      this.weight = new Parameter(session, memory, n, k, rule);
      boolean own = apart || dtype() != DType.F32;
      this.values = own ? memory.matrix(n, k, dtype()) : weight.master();
      this.bias = withBias ? new Bias(session, memory, n, rule) : null;
      this.transpose = workspace.carve().matrix(k, n);
      session.cast(scratch.upload(w), weight.master());
      cast();
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /**
   * From a dense weight.
   *
   * @param workspace made for it
   * @param w host weight {@code [n, k]} of F32, BF16 or F16, such as {@link Initial#normal}; copied
   * @param rule which states it keeps
   * @param bias whether it has one, which starts at 0
   * @return closed by the caller, before the workspace
   */
  public static DenseLinear of(Workspace workspace, Matrix w, Rule rule, boolean bias) {
    return new DenseLinear(workspace, w, rule, bias, false);
  }

  /**
   * What it needs of a workspace.
   *
   * @param n outputs
   * @param k inputs
   * @return the need
   */
  public static Workspace.Need needs(long n, long k) {
    return (dtype, m) ->
        Math.max(
            Workspace.bytes(k, n, dtype),
            Workspace.bytes(n, m, dtype)
                + Workspace.bytes(k, m, dtype)
                + Workspace.bytes(n, k, dtype)
                + Workspace.bytes(1, n, dtype));
  }

  private void cast() {
    if (values != weight.master()) {
      session.cast(weight.master(), values);
    }
  }

  private Views views(long m) {
    Views at = views;
    if (at == null || at.m != m) {
      workspace.checkTokens(m);
      Workspace.Carver carver = workspace.carve();
      at =
          new Views(
              m,
              carver.matrix(n, m),
              carver.matrix(k, m),
              carver.matrix(n, k),
              workspace.ones(m),
              carver.matrix(1, n));
      views = at;
    }
    return at;
  }

  @Override
  public long n() {
    return n;
  }

  @Override
  public long k() {
    return k;
  }

  @Override
  public DType dtype() {
    return workspace.dtype();
  }

  @Override
  public void forward(Matrix x, @Nullable Matrix c, Matrix y) {
    Arguments.shape("x", x, x.rows(), k, dtype());
    boolean withC = c != null;
    session.gemm(x, values, c, y, bias == null ? addend.of(withC ? 1 : 0) : bias.epilogue(withC));
  }

  @Override
  public void weightGradient(Matrix dy, Matrix x) {
    Arguments.weightGradient(this, dy, x);
    accumulate(dy, x, null);
  }

  @Override
  public void inputGradient(Matrix dy, Matrix dx, float beta) {
    Arguments.inputGradient(this, dy, dx, beta);
    multiply(dy, transposed(), dx, beta);
  }

  /** The gradient of W, where the mask keeps it, and of the bias. */
  void accumulate(Matrix dy, Matrix x, @Nullable Mask mask) {
    Views at = views(x.rows());
    session.transpose(dy, at.dyT);
    session.transpose(x, at.xT);
    session.gemm(at.dyT, at.xT, at.product);
    if (mask != null) {
      session.applyMask(at.product, mask, at.product);
    }
    weight.add(at.product);
    if (bias != null) {
      bias.accumulate(at.dyT, at.ones, at.biasProduct);
    }
  }

  /** Wᵀ {@code [k, n]}, at the start of the workspace. */
  Matrix transposed() {
    session.transpose(values, transpose);
    return transpose;
  }

  void multiply(Matrix dy, Matrix transposed, Matrix dx, float beta) {
    session.gemm(dy, transposed, dx, dx, addend.of(beta));
  }

  Parameter weight() {
    return weight;
  }

  /**
   * What the product reads, for who shares it: an embedding tied to the head.
   *
   * @return {@code [n, k]} in the session's memory, one object as long as the layer lives
   */
  public Matrix values() {
    return values;
  }

  /**
   * The gradient that {@link #backward} has begun, for who adds to it: an embedding tied to the
   * head.
   *
   * @return {@code [n, k]} F32, in the session's memory
   * @throws IllegalStateException if there is none since the last step
   */
  public Matrix gradient() {
    weight.requireGradient();
    return weight.gradient();
  }

  @Override
  public double squaredGradientNorm() {
    weight.requireGradient();
    return weight.squaredNorm() + (bias == null ? 0 : bias.parameter().squaredNorm());
  }

  @Override
  public void step(Optimizer settings, float gradScale) {
    weight.check(settings, gradScale);
    update(settings, gradScale, gradScale);
  }

  /** With a factor for the gradient of W and one for the others. */
  void update(Optimizer settings, float weightScale, float gradScale) {
    weight.step(settings, weightScale, values);
    if (bias != null) {
      bias.step(settings, gradScale);
    }
  }

  @Override
  public void discardGradient() {
    weight.discard();
    if (bias != null) {
      bias.parameter().discard();
    }
  }

  @Override
  public MemoryUse memory() {
    return new MemoryUse(
        n * k,
        values == weight.master() ? 0 : values.buffer().byteSize(),
        0,
        0,
        weight.masterBytes(),
        weight.masterBytes(),
        weight.stateBytes(),
        bias == null ? 0 : bias.parameter().bytes());
  }

  @Override
  public Matrix dense(Arena arena) {
    Matrix out = Matrix.allocate(arena, n, k, dtype());
    memory.download(values, out);
    return out;
  }

  @Override
  public List<TensorInfo> state(String name) {
    return describe(name).infos();
  }

  State describe(String name) {
    State state = new State(session);
    weight.describe(name, state);
    if (bias != null) {
      bias.parameter().describe(name + ".bias", state);
    }
    return state;
  }

  @Override
  public void save(String name, SafetensorsWriter to) throws IOException {
    weight.requireNoGradient();
    describe(name).save(to);
  }

  @Override
  public void restore(String name, Safetensors from) throws IOException {
    describe(name).restore(from);
    restored();
  }

  /** Works with what the state has brought. */
  void restored() {
    discardGradient();
    cast();
  }

  @Override
  public void close() {
    memory.close();
  }
}
