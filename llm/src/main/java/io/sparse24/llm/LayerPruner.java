package io.sparse24.llm;

import io.sparse24.ColumnNorms;
import io.sparse24.Gram;
import io.sparse24.LowRankTerm;
import io.sparse24.Pattern;
import io.sparse24.Pruner;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Prunes one linear layer of a block by what the samples make it multiply. */
final class LayerPruner {
  private final Session session;
  private final Map<String, LayerPlan> plans;
  private final long rows; // of the longest sample
  private final DType dtype; // that the model computes in

  LayerPruner(Session session, Map<String, LayerPlan> plans, long rows, DType dtype) {
    this.session = session;
    this.plans = plans;
    this.rows = rows;
    this.dtype = dtype;
  }

  /** What a compensated weight has beside it. */
  static List<TensorInfo> adapters(Weight weight, int rank) throws IOException {
    String module = weight.name().substring(0, weight.name().length() - Names.WEIGHT.length());
    TensorType type = TensorType.of(weight.dtype());
    List<Long> shape = weight.info().shape();
    return List.of(
        TensorInfo.of(module + Names.ADAPTER_L, type, rank, shape.getLast()),
        TensorInfo.of(module + Names.ADAPTER_R, type, shape.getFirst(), rank));
  }

  /**
   * A pruned weight.
   *
   * @param report what was done
   * @param infos the tensors it is stored as
   * @param parts their bytes
   */
  record Made(ModelPruner.Layer report, List<TensorInfo> infos, List<MemorySegment> parts) {}

  /** What is gathered of the inputs of a block's layers. */
  final class Statistics implements BlockModel.Watch, AutoCloseable {
    private final Scratch memory;
    private final Set<String> needNorms = new HashSet<>();
    private final Set<String> needGrams = new HashSet<>();
    private final Map<String, ColumnNorms> norms = new HashMap<>();
    private final Map<String, Gram> grams = new HashMap<>();
    private final Map<String, Matrix> first = new HashMap<>();

    Statistics(Scratch memory, List<LinearLayer> layers) {
      this.memory = memory;
      for (LinearLayer layer : layers) {
        LayerPlan plan = plans.get(layer.weight());
        if (plan != null && plan.method().needsNorms()) {
          needNorms.add(layer.input());
        }
        if (plan != null && plan.needsGram()) {
          needGrams.add(layer.input());
        }
      }
    }

    @Override
    public void see(String input, Matrix x) {
      if (needNorms.contains(input)) {
        norms.computeIfAbsent(input, i -> new ColumnNorms(session, x.cols())).accumulate(x, 1);
      }
      if (needGrams.contains(input)) {
        grams.computeIfAbsent(input, i -> new Gram(session, x.cols())).accumulate(x);
      }
      if (!first.containsKey(input)) {
        Matrix kept = memory.matrix(x.rows(), x.cols(), x.dtype());
        session.cast(x, kept);
        first.put(input, kept);
      }
    }

    @Nullable ColumnNorms norms(String input) {
      return norms.get(input);
    }

    @Nullable Gram gram(String input) {
      return grams.get(input);
    }

    Matrix first(String input) {
      return Objects.requireNonNull(first.get(input));
    }

    /** The columns of an input are in another order from here on. */
    void reorder(String input, ChannelFold fold) {
      ColumnNorms squares = norms.get(input);
      if (squares != null) {
        fold.columnsInSession(squares.squared());
      }
      Gram gram = grams.get(input);
      if (gram != null) {
        fold.inputs(gram);
      }
      fold.columnsInSession(first(input));
    }

    @Override
    public void close() {
      norms.values().forEach(ColumnNorms::close);
      grams.values().forEach(Gram::close);
    }
  }

  /**
   * Prunes a layer's weight, and puts it in the block in place of the dense one.
   *
   * @param weight as it is in the checkpoint
   * @param w its values in host memory, their rows or columns perhaps reordered
   * @param gradient of w, if the score needs it
   * @param memory keeps the pruned weight as long as the block is used
   * @param arena keeps what is to be stored
   */
  Made prune(
      BlockModel.Block block,
      LinearLayer which,
      Weight weight,
      Matrix w,
      @Nullable Matrix gradient,
      Statistics statistics,
      Scratch memory,
      Arena arena)
      throws IOException {
    long start = System.nanoTime();
    LayerPlan plan = Objects.requireNonNull(plans.get(weight.name()));
    Gram gram = statistics.gram(which.input());
    Pruner pruner =
        Pruner.of(
            plan.method(), new Pruner.Inputs(statistics.norms(which.input()), gradient, gram));
    List<MemorySegment> made = new ArrayList<>();
    ModelLinear pruned;
    Matrix dense = null; // its values in host memory, where they are needed
    double energy;
    if (plan.pattern().equals(Pattern.P2_4)) {
      Compressed24 compressed = Compressed24.allocate(arena, w.rows(), w.cols(), w.dtype());
      pruner.prune(session, w, compressed);
      made.addAll(plan.format().encode(session, compressed, arena));
      pruned = linear(compressed, memory);
      energy = hostEnergy(compressed.values());
      if (plan.compensation() != null) {
        dense = Matrix.allocate(arena, w.rows(), w.cols(), w.dtype());
        decompress(compressed, dense);
      }
    } else {
      dense = Matrix.allocate(arena, w.rows(), w.cols(), w.dtype());
      pruner.pruneDense(session, w, plan.pattern(), dense);
      made.add(dense.segment());
      pruned = ModelLinear.dense(session, inSession(dense, memory));
      energy = hostEnergy(dense);
    }
    List<TensorInfo> infos =
        new ArrayList<>(plan.format().parts(weight.name(), w.dtype(), w.rows(), w.cols()));
    ModelLinear before = block.linear(which);
    pruned.attach(before);
    Compensation compensation = plan.compensation();
    if (compensation != null) {
      LowRankTerm term =
          LowRankTerm.of(
              session,
              w,
              Objects.requireNonNull(dense),
              compensation.rank(),
              compensation.kind() == Compensation.Kind.EORA ? gram : null,
              arena);
      Matrix l = rounded(term.l(), w.dtype(), arena);
      Matrix r = rounded(term.r(), w.dtype(), arena);
      pruned.attach(
          new ModelLinear.Adapters(
              inSession(l, memory),
              inSession(r, memory),
              memory.matrix(rows, compensation.rank(), dtype)));
      made.add(l.segment());
      made.add(r.segment());
      infos.addAll(adapters(weight, compensation.rank()));
    }
    double error = relativeError(before, pruned, statistics.first(which.input()), w.rows());
    block.replace(which, pruned);
    double all = hostEnergy(w);
    ModelPruner.Layer report =
        new ModelPruner.Layer(
            weight.name(),
            plan.toString(),
            weight.info().type().name(),
            weight.info().shape(),
            weight.storedBytes(),
            made.stream().mapToLong(MemorySegment::byteSize).sum(),
            error,
            all == 0 ? 1 : energy / all,
            (System.nanoTime() - start) / 1e6);
    return new Made(report, infos, made);
  }

  private void decompress(Compressed24 compressed, Matrix dense) {
    try (Scratch copies = session.scratch()) {
      Matrix there = copies.matrix(dense.rows(), dense.cols(), dense.dtype());
      session.decompress24(copies.upload(compressed), there);
      copies.download(there, dense);
      session.synchronize();
    }
  }

  /** As it is stored. */
  private Matrix rounded(Matrix wide, DType to, Arena arena) {
    Matrix result = Matrix.allocate(arena, wide.rows(), wide.cols(), to);
    try (Scratch copies = session.scratch()) {
      Matrix there = copies.matrix(wide.rows(), wide.cols(), to);
      session.cast(copies.upload(wide), there);
      copies.download(there, result);
      session.synchronize();
    }
    return result;
  }

  /** As it will be run. */
  private ModelLinear linear(Compressed24 compressed, Scratch memory) {
    if (compressed.dtype() == dtype) {
      return ModelLinear.sparse(session, Sparse24Matrix.of(session, compressed));
    }
    try (Scratch copies = session.scratch()) {
      Matrix dense = copies.matrix(compressed.n(), compressed.k(), compressed.dtype());
      session.decompress24(copies.upload(compressed), dense);
      Matrix to = memory.matrix(dense.rows(), dense.cols(), dtype);
      session.cast(dense, to);
      session.synchronize();
      return ModelLinear.dense(session, to);
    }
  }

  /** Puts a dense weight in the place of a layer's. */
  void replace(BlockModel.Block block, LinearLayer which, Matrix w, Scratch memory) {
    ModelLinear by = ModelLinear.dense(session, inSession(w, memory));
    by.attach(block.linear(which));
    block.replace(which, by);
  }

  private Matrix inSession(Matrix host, Scratch memory) {
    try (Scratch copies = session.scratch()) {
      Matrix to = memory.matrix(host.rows(), host.cols(), dtype);
      session.cast(copies.upload(host), to);
      session.synchronize();
      return to;
    }
  }

  /** ‖W‖² of a matrix of the host. */
  private double hostEnergy(Matrix of) {
    try (Scratch copies = session.scratch()) {
      return energy(copies.upload(of));
    }
  }

  /** ‖W‖², by the kernel that gathers norms: this must not take longer than pruning. */
  private double energy(Matrix of) {
    try (Scratch copies = session.scratch();
        Arena arena = Arena.ofConfined()) {
      Matrix columns = copies.matrix(1, of.cols(), DType.F32);
      Matrix host = Matrix.allocate(arena, 1, of.cols(), DType.F32);
      session.copy(host.buffer(), columns.buffer()); // zeros
      session.accumulateNorms(of, columns, 0, 1);
      copies.download(columns, host);
      session.synchronize();
      double sum = 0;
      for (long j = 0; j < of.cols(); j++) {
        sum += host.get(0, j);
      }
      return sum;
    }
  }

  private double relativeError(ModelLinear before, ModelLinear after, Matrix x, long n) {
    try (Scratch copies = session.scratch()) {
      Matrix expected = copies.matrix(x.rows(), n, dtype);
      Matrix actual = copies.matrix(x.rows(), n, dtype);
      before.product(x, expected);
      after.product(x, actual);
      double size = energy(expected);
      session.axpby(-1, expected, 1, actual);
      double apart = energy(actual);
      return apart == 0 ? 0 : Math.sqrt(apart / size);
    }
  }
}
