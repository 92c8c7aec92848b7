package io.sparse24.train;

import io.sparse24.Pattern;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.LowRank;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.Tensor;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A 2:4 layer trained sparse from the start to the end, as SLoPe does it (Mozaffari and others, <a
 * href="https://arxiv.org/abs/2405.16325">arXiv 2405.16325</a>): W<sup>R</sup> keeps two of each
 * four along k, in a mask that never changes; W<sup>R,C</sup> is W<sup>R</sup> with at most two of
 * each four along n, those of largest magnitude.
 *
 * <pre>{@code
 * Y  = X (W^R)ᵀ (+ bias + (X Lᵀ) Rᵀ)     exact
 * dW = dYᵀ X, where W^R keeps it            half the work of the dense product
 * dX = dY W^R,C (+ dY R L)                  not the gradient of Y but near it
 * }</pre>
 *
 * Where {@link SlopeOptions#doublePrune} is off, {@code dX = dY W^R (+ dY R L)}: exact, by a dense
 * product.
 *
 * <p>Kept between steps: both weights packed, their masks, and of the n · k/2 kept elements a
 * master, a gradient and the optimizer's states in F32. A step changes values only; masks, and so
 * the metadata, stay, but for the column mask at its period.
 *
 * {@snippet file="io/sparse24/examples/SlopeExample.java" region="slope"}
 */
public final class SlopeLinear implements TrainableLinear {
  private final Workspace workspace;
  private final Session session;
  private final Scratch memory;
  private final SlopeOptions options;
  private final Parameter weight;
  private final Compressed24 canonical; // working values, in the workspace while they are packed
  private final Packing packing;
  private final InputWeight inputWeight;
  private final @Nullable Bias bias;
  private final Addend addend = new Addend();
  private @Nullable Adapters adapters;
  private @Nullable Views views;

  /** Places in the workspace for some number of tokens. */
  private record Views(
      long m, Matrix dyT, Matrix ones, Matrix biasProduct, Adapters.@Nullable Views adapters) {}

  private SlopeLinear(Workspace workspace, Matrix w, SlopeOptions options) {
    this.workspace = workspace;
    this.session = workspace.session();
    this.options = options;
    long n = w.rows();
    long k = w.cols();
    Arguments.multiple("w: n", n, 4);
    Arguments.multiple("w: k", k, 4);
    Arguments.floats("w", w.dtype());
    workspace.require(needs(n, k, options, 0));
    this.memory = session.scratch();
    try (Scratch scratch = session.scratch()) {
      this.weight = new Parameter(session, memory, n, k / 2, options.rule());
      Workspace.Carver carver = workspace.carve();
      this.canonical =
          new Compressed24(
              dtype() == DType.F32 ? weight.master() : carver.matrix(n, k / 2), memory.mask(n, k));
      this.packing = new Packing(workspace, memory);
      this.inputWeight =
          options.doublePrune()
              ? new InputWeight.DoublePruned(workspace, memory, carver, n, k)
              : new InputWeight.Exact(workspace, memory, carver, n, k);
      this.bias = options.bias() ? new Bias(session, memory, n, options.rule()) : null;

      Matrix dense = scratch.matrix(n, k, DType.F32);
      session.cast(scratch.upload(w), dense);
      select(dense, new Compressed24(weight.master(), canonical.mask()));
      cast();
      repack(true);
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /**
   * From a dense weight.
   *
   * @param workspace made for it
   * @param w host weight {@code [n, k]} of F32, BF16 or F16, n and k multiples of 4, such as {@link
   *     Initial#normal}; copied
   * @param options how
   * @return closed by the caller, before the workspace
   */
  public static SlopeLinear of(Workspace workspace, Matrix w, SlopeOptions options) {
    return new SlopeLinear(workspace, w, options);
  }

  /**
   * What it needs of a workspace.
   *
   * @param n outputs
   * @param k inputs
   * @param options how it is made
   * @param rank of the adapters it will have, 0 if none
   * @return the need
   */
  public static Workspace.Need needs(long n, long k, SlopeOptions options, long rank) {
    Arguments.notNegative("rank", rank);
    return (dtype, m) -> {
      long step =
          (dtype == DType.F32 ? 0 : Workspace.bytes(n, k / 2, dtype))
              + (options.doublePrune()
                  ? Workspace.bytes(k, n / 2, dtype)
                  : Workspace.bytes(n, k, dtype));
      if (rank == 0 && !options.bias()) {
        return step;
      }
      long tokens = Workspace.bytes(n, m, dtype) + Workspace.bytes(1, n, dtype);
      long beside = rank == 0 ? 0 : Adapters.needs(dtype, m, n, k, rank);
      return Math.max(step, tokens + beside);
    };
  }

  /** The mask, and what it keeps. */
  private void select(Matrix dense, Compressed24 out) {
    switch (options.mask()) {
      case InitialMask.Magnitude _ -> session.prune24(dense, ScoreKind.MAGNITUDE, null, out);
      case InitialMask.Random random -> {
        try (Arena arena = Arena.ofConfined()) {
          Mask host = Mask.allocate(arena, out.n(), out.k());
          random.write(Pattern.P2_4, host);
          session.copy(host.buffer(), out.mask().buffer());
          session.synchronize();
        }
        session.gather24(dense, out);
      }
    }
  }

  /** Working values of the master. */
  private void cast() {
    if (dtype() != DType.F32) {
      session.cast(weight.master(), canonical.values());
    }
  }

  /** What both products read, of the working values. */
  private void repack(boolean newColumnMask) {
    packing.pack(canonical);
    inputWeight.refresh(canonical, newColumnMask);
  }

  private Views views(long m) {
    Views at = views;
    if (at == null || at.m != m) {
      workspace.checkTokens(m);
      Workspace.Carver carver = workspace.carve();
      at =
          new Views(
              m,
              carver.matrix(n(), m),
              workspace.ones(m),
              carver.matrix(1, n()),
              adapters == null ? null : adapters.views(carver, m));
      views = at;
    }
    return at;
  }

  @Override
  public long n() {
    return canonical.n();
  }

  @Override
  public long k() {
    return canonical.k();
  }

  @Override
  public DType dtype() {
    return workspace.dtype();
  }

  @Override
  public void forward(Matrix x, @Nullable Matrix c, Matrix y) {
    Arguments.shape("x", x, x.rows(), k(), dtype());
    boolean withC = c != null;
    Epilogue epilogue = bias == null ? addend.of(withC ? 1 : 0) : bias.epilogue(withC);
    session.spmm24(x, packing.packed(), c, y, epilogue);
    if (adapters != null) {
      adapters.forward(x, y, adapterViews(x.rows()));
    }
  }

  private Adapters.Views adapterViews(long m) {
    return Objects.requireNonNull(views(m).adapters);
  }

  @Override
  public void weightGradient(Matrix dy, Matrix x) {
    Arguments.weightGradient(this, dy, x);
    Views at = bias == null && adapters == null ? null : views(x.rows());
    session.sddmm24(dy, x, canonical.mask(), weight.gradient(), 1, weight.beta());
    weight.added();
    if (at == null) {
      return;
    }
    session.transpose(dy, at.dyT);
    if (bias != null) {
      bias.accumulate(at.dyT, at.ones, at.biasProduct);
    }
    if (adapters != null) {
      adapters.weightGradient(dy, at.dyT, x, adapterViews(x.rows()));
    }
  }

  @Override
  public void inputGradient(Matrix dy, Matrix dx, float beta) {
    Arguments.inputGradient(this, dy, dx, beta);
    inputWeight.multiply(dy, dx, addend.of(beta));
    if (adapters != null) {
      adapters.inputGradient(dy, dx, adapterViews(dy.rows()));
    }
  }

  /**
   * Attaches adapters for the last part of training: SLoPe's lazy phase, of the last 1 % of steps.
   * The term (X Lᵀ) Rᵀ is added to Y. R is 0 at first, so that Y does not change by it; nothing is
   * divided by the rank.
   *
   * @param rank columns of R; the workspace must be made for it
   * @param deviation standard deviation of L
   * @param seed of L
   * @throws IllegalStateException if there are some already, or there is a gradient
   */
  public void attachAdapters(long rank, double deviation, long seed) {
    weight.requireNoGradient();
    Arguments.finite("deviation", deviation);
    attach(rank).initialise(deviation, seed);
  }

  private Adapters attach(long rank) {
    if (adapters != null) {
      throw new IllegalStateException("there are adapters, of rank " + adapters.rank());
    }
    Arguments.extent("rank", rank);
    workspace.require(needs(n(), k(), options, rank));
    Adapters attached = new Adapters(session, memory, n(), k(), rank, dtype(), options.rule());
    adapters = attached;
    views = null;
    return attached;
  }

  @Override
  public double squaredGradientNorm() {
    weight.requireGradient();
    return weight.squaredNorm()
        + (bias == null ? 0 : bias.parameter().squaredNorm())
        + (adapters == null ? 0 : adapters.squaredGradientNorm());
  }

  @Override
  public void step(Optimizer settings, float gradScale) {
    weight.check(settings, gradScale);
    weight.step(settings, gradScale, canonical.values());
    long period = options.columnPeriod();
    repack(period > 0 && weight.steps() % period == 0);
    if (bias != null) {
      bias.step(settings, gradScale);
    }
    if (adapters != null) {
      adapters.step(settings, gradScale);
    }
  }

  @Override
  public void discardGradient() {
    weight.discard();
    if (bias != null) {
      bias.parameter().discard();
    }
    if (adapters != null) {
      adapters.discard();
    }
  }

  @Override
  public MemoryUse memory() {
    return new MemoryUse(
        n() * k(),
        packing.packed().byteSize(),
        inputWeight.bytes(),
        canonical.mask().buffer().byteSize() + inputWeight.maskBytes(),
        weight.masterBytes(),
        weight.masterBytes(),
        weight.stateBytes(),
        (bias == null ? 0 : bias.parameter().bytes()) + (adapters == null ? 0 : adapters.bytes()));
  }

  /**
   * The zeros that the column mask, as it is now, adds in the gradient of X.
   *
   * @return measured, beside the closed form
   * @throws IllegalStateException if the layer is not double-pruned
   */
  public ExtraSparsity extraSparsity() {
    if (!(inputWeight instanceof InputWeight.DoublePruned pruned)) {
      throw new IllegalStateException("there is no column mask, as W is not double-pruned");
    }
    try (Arena arena = Arena.ofConfined()) {
      Mask rows = Mask.allocate(arena, n(), k());
      memory.download(canonical.mask(), rows);
      return pruned.extraSparsity(rows);
    }
  }

  /**
   * The weight that {@link #forward} multiplies with, without bias and adapters, for a 2:4
   * checkpoint.
   *
   * @param arena holds it
   * @return in host memory, of the working type
   */
  public Compressed24 weight(Arena arena) {
    Compressed24 out = Compressed24.allocate(arena, n(), k(), dtype());
    try (Scratch scratch = session.scratch()) {
      scratch.download(working(scratch), out);
    }
    return out;
  }

  /** As the products have it; the workspace's values are gone. */
  private Compressed24 working(Scratch scratch) {
    Matrix values = scratch.matrix(n(), k() / 2, dtype());
    session.cast(weight.master(), values);
    return new Compressed24(values, canonical.mask());
  }

  /**
   * The same, ready to multiply, for inference.
   *
   * @return closed by the caller, before the session
   */
  public Sparse24Matrix export() {
    try (Arena arena = Arena.ofConfined()) {
      return Sparse24Matrix.of(session, weight(arena));
    }
  }

  /**
   * The adapters, for {@link LowRank} beside {@link #export}, or to add R L to {@link #dense}.
   *
   * @param l {@code [rank, k]}
   * @param r {@code [n, rank]}
   */
  public record AdapterWeights(Matrix l, Matrix r) {}

  /**
   * The adapters' rank.
   *
   * @return columns of R, 0 if none are attached
   */
  public long adapterRank() {
    return adapters == null ? 0 : adapters.rank();
  }

  /**
   * The adapters' working values.
   *
   * @param arena holds them
   * @return in host memory, or null if none are attached
   */
  public @Nullable AdapterWeights adapters(Arena arena) {
    Adapters attached = adapters;
    if (attached == null) {
      return null;
    }
    Matrix l = Matrix.allocate(arena, attached.rank(), k(), dtype());
    Matrix r = Matrix.allocate(arena, n(), attached.rank(), dtype());
    memory.download(attached.l(), l);
    memory.download(attached.r(), r);
    return new AdapterWeights(l, r);
  }

  @Override
  public Matrix dense(Arena arena) {
    Matrix out = Matrix.allocate(arena, n(), k(), dtype());
    try (Scratch scratch = session.scratch()) {
      Matrix dense = scratch.matrix(n(), k(), dtype());
      session.decompress24(working(scratch), dense);
      scratch.download(dense, out);
    }
    return out;
  }

  @Override
  public List<TensorInfo> state(String name) {
    return describe(name).infos();
  }

  private State describe(String name) {
    State state = new State(session);
    weight.describe(name, state);
    state.buffer(name + ".mask", TensorType.U8, canonical.mask().buffer(), n(), Mask.rowBytes(k()));
    inputWeight.describe(name, state);
    if (bias != null) {
      bias.parameter().describe(name + ".bias", state);
    }
    if (adapters != null) {
      adapters.describe(name + ".adapters", state);
    }
    return state;
  }

  @Override
  public void save(String name, SafetensorsWriter to) throws IOException {
    weight.requireNoGradient();
    describe(name).save(to);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Adapters that were saved are attached.
   */
  @Override
  public void restore(String name, Safetensors from) throws IOException {
    boolean attached = adapters == null && attachSaved(name + ".adapters.l.master", from);
    try {
      describe(name).restore(from);
    } catch (IOException | RuntimeException e) {
      if (attached) {
        adapters = null;
      }
      throw e;
    }
    discardGradient();
    if (adapters != null) {
      adapters.cast();
    }
    cast();
    repack(false);
  }

  private boolean attachSaved(String name, Safetensors from) {
    Tensor l = State.find(from, name);
    if (l == null) {
      return false;
    }
    if (l.info().shape().size() != 2) {
      throw new IllegalArgumentException(
          "from: tensor " + name + " is " + l.info().shapeText() + ", must be rank x " + k());
    }
    attach(l.info().shape().getFirst());
    return true;
  }

  @Override
  public void close() {
    memory.close();
  }
}
