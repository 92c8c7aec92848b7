package io.sparse24.train;

import io.sparse24.Pattern;
import io.sparse24.api.DType;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A layer of any n:m pattern, kept dense with zeros and multiplied dense: for comparisons, as it
 * saves neither time nor memory. Its mask is fixed, which is {@link SlopeLinear}'s definition for
 * other patterns than 2:4, or selected anew as it trains ({@link Masking}).
 */
public final class MaskedLinear implements TrainableLinear {
  private final DenseLinear dense;
  private final Session session;
  private final Scratch memory;
  private final Pattern pattern;
  private final Masking masking;
  private final Mask mask;
  private final @Nullable Mask columnMask; // of the transpose, [k, n]
  private final Matrix scores; // [n, k] F32; the workspace's
  private final Matrix columnScores; // [k, n] F32; behind the transpose

  private MaskedLinear(
      Workspace workspace, Matrix w, Pattern pattern, Masking masking, Rule rule, boolean bias) {
    this.pattern = Objects.requireNonNull(pattern, "pattern");
    this.masking = Objects.requireNonNull(masking, "masking");
    if (pattern.unstructured()) {
      throw new IllegalArgumentException("pattern: is " + pattern + ", training needs n:m");
    }
    Arguments.multiple("w: k", w.cols(), pattern.of());
    if (doublePruned()) {
      Arguments.multiple("w: n", w.rows(), pattern.of());
    }
    workspace.require(needs(w.rows(), w.cols()));
    this.session = workspace.session();
    this.dense = new DenseLinear(workspace, w, rule, bias, true);
    this.memory = session.scratch();
    try {
      this.mask = memory.mask(n(), k());
      this.columnMask = doublePruned() ? memory.mask(k(), n()) : null;
      this.scores = workspace.carve().matrix(n(), k(), DType.F32);
      Workspace.Carver carver = workspace.carve();
      carver.matrix(k(), n());
      this.columnScores = carver.matrix(k(), n(), DType.F32);
      start();
    } catch (RuntimeException e) {
      memory.close();
      dense.close();
      throw e;
    }
  }

  private boolean doublePruned() {
    return masking instanceof Masking.Fixed fixed && fixed.doublePrune();
  }

  /**
   * From a dense weight.
   *
   * @param workspace made for it
   * @param w host weight {@code [n, k]} of F32, BF16 or F16, k a multiple of the group, n too where
   *     it is double-pruned; copied
   * @param pattern n:m
   * @param masking how it comes by its mask
   * @param rule which optimizer's states it keeps
   * @param bias whether it has one, which starts at 0
   * @return closed by the caller, before the workspace
   */
  public static MaskedLinear of(
      Workspace workspace, Matrix w, Pattern pattern, Masking masking, Rule rule, boolean bias) {
    return new MaskedLinear(workspace, w, pattern, masking, rule, bias);
  }

  /**
   * What it needs of a workspace.
   *
   * @param n outputs
   * @param k inputs
   * @return the need
   */
  public static Workspace.Need needs(long n, long k) {
    Workspace.Need dense = DenseLinear.needs(n, k);
    return (dtype, m) ->
        Math.max(
            dense.bytes(dtype, m),
            Workspace.bytes(k, n, dtype)
                + Math.max(Workspace.bytes(k, n, DType.F32), Workspace.bytes(n, k, DType.F32)));
  }

  private void start() {
    if (masking instanceof Masking.Fixed fixed) {
      if (fixed.mask() instanceof InitialMask.Random random) {
        try (Arena arena = Arena.ofConfined()) {
          Mask host = Mask.allocate(arena, n(), k());
          random.write(pattern, host);
          session.copy(host.buffer(), mask.buffer());
          session.synchronize();
        }
      } else {
        select();
      }
      Matrix master = dense.weight().master();
      session.applyMask(master, mask, master);
    } else {
      select();
    }
    session.applyMask(dense.values(), mask, dense.values());
    selectColumns();
  }

  private void select() {
    session.score(dense.weight().master(), ScoreKind.MAGNITUDE, null, scores);
    session.select(scores, pattern.keep(), pattern.of(), mask);
  }

  private void selectColumns() {
    if (columnMask != null) {
      session.score(dense.transposed(), ScoreKind.MAGNITUDE, null, columnScores);
      session.select(columnScores, pattern.keep(), pattern.of(), columnMask);
    }
  }

  @Override
  public long n() {
    return dense.n();
  }

  @Override
  public long k() {
    return dense.k();
  }

  @Override
  public DType dtype() {
    return dense.dtype();
  }

  @Override
  public void forward(Matrix x, @Nullable Matrix c, Matrix y) {
    dense.forward(x, c, y);
  }

  @Override
  public void weightGradient(Matrix dy, Matrix x) {
    Arguments.weightGradient(this, dy, x);
    dense.accumulate(dy, x, masking instanceof Masking.Fixed ? mask : null);
  }

  @Override
  public void inputGradient(Matrix dy, Matrix dx, float beta) {
    Arguments.inputGradient(this, dy, dx, beta);
    Matrix transposed = dense.transposed();
    if (columnMask != null) {
      session.applyMask(transposed, columnMask, transposed);
    }
    dense.multiply(dy, transposed, dx, beta);
  }

  @Override
  public double squaredGradientNorm() {
    return dense.squaredGradientNorm();
  }

  @Override
  public void step(Optimizer settings, float gradScale) {
    dense.weight().check(settings, gradScale);
    long step = dense.weight().steps() + 1;
    switch (masking) {
      case Masking.Fixed fixed -> {
        dense.update(settings, gradScale, gradScale);
        // Gradients there are 0, but with an epsilon of 0 AdamW divides by it.
        Matrix master = dense.weight().master();
        session.applyMask(master, mask, master);
        session.applyMask(dense.values(), mask, dense.values());
        if (fixed.columnPeriod() > 0 && step % fixed.columnPeriod() == 0) {
          selectColumns();
        }
      }
      case Masking.Reselected reselected -> {
        decay(reselected.decay(), gradScale);
        dense.update(settings, 1, gradScale);
        if (step % reselected.period() == 0) {
          select();
        }
        session.applyMask(dense.values(), mask, dense.values());
      }
    }
  }

  /** gradient = gradScale · gradient + decay · (1 − mask) ⊙ W. */
  private void decay(float decay, float gradScale) {
    Matrix master = dense.weight().master();
    session.applyMask(master, mask, scores);
    session.axpby(1, master, -1, scores); // exactly 0 where W is kept
    session.axpby(decay, scores, gradScale, dense.weight().gradient());
  }

  @Override
  public void discardGradient() {
    dense.discardGradient();
  }

  @Override
  public MemoryUse memory() {
    MemoryUse of = dense.memory();
    long masks =
        mask.buffer().byteSize() + (columnMask == null ? 0 : columnMask.buffer().byteSize());
    return new MemoryUse(
        of.parameters(),
        of.weight(),
        of.transpose(),
        masks,
        of.master(),
        of.gradient(),
        of.states(),
        of.beside());
  }

  /**
   * How many of each group it keeps.
   *
   * @return n:m
   */
  public Pattern pattern() {
    return pattern;
  }

  /**
   * Which elements it keeps now.
   *
   * @param arena holds it
   * @return host mask {@code [n, k]}
   */
  public Mask mask(Arena arena) {
    Mask out = Mask.allocate(arena, n(), k());
    memory.download(mask, out);
    return out;
  }

  /**
   * The zeros that the column mask, as it is now, adds in the gradient of X.
   *
   * @return measured, beside the closed form
   * @throws IllegalStateException if there is no column mask: the mask is selected anew, or W not
   *     double-pruned
   */
  public ExtraSparsity extraSparsity() {
    if (columnMask == null) {
      throw new IllegalStateException("there is no column mask, as W is not double-pruned");
    }
    try (Arena arena = Arena.ofConfined()) {
      Mask columns = Mask.allocate(arena, k(), n());
      memory.download(columnMask, columns);
      return ExtraSparsity.of(mask(arena), columns, pattern);
    }
  }

  @Override
  public Matrix dense(Arena arena) {
    return dense.dense(arena);
  }

  @Override
  public List<TensorInfo> state(String name) {
    return describe(name).infos();
  }

  private State describe(String name) {
    State state = dense.describe(name);
    state.buffer(name + ".mask", TensorType.U8, mask.buffer(), n(), Mask.rowBytes(k()));
    if (columnMask != null) {
      state.buffer(
          name + ".column_mask", TensorType.U8, columnMask.buffer(), k(), Mask.rowBytes(n()));
    }
    return state;
  }

  @Override
  public void save(String name, SafetensorsWriter to) throws IOException {
    dense.weight().requireNoGradient();
    describe(name).save(to);
  }

  @Override
  public void restore(String name, Safetensors from) throws IOException {
    describe(name).restore(from);
    dense.restored();
    session.applyMask(dense.values(), mask, dense.values());
  }

  @Override
  public void close() {
    memory.close();
    dense.close();
  }
}
