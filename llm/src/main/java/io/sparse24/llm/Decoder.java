package io.sparse24.llm;

import io.sparse24.api.AdamW;
import io.sparse24.api.AttentionShape;
import io.sparse24.api.Buffer;
import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Layers;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.api.PinnedBuffer;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sgd;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.TensorInfo;
import io.sparse24.llm.StepClock.Phase;
import io.sparse24.train.DenseLinear;
import io.sparse24.train.MemoryUse;
import io.sparse24.train.Rule;
import io.sparse24.train.SlopeLinear;
import io.sparse24.train.TrainableLinear;
import io.sparse24.train.TrainableMatrix;
import io.sparse24.train.Workspace;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A decoder that is trained: forward, which keeps what backward needs, and backward and step. All
 * memory is allocated when it is made, for one batch of sequences of one length.
 */
final class Decoder implements AutoCloseable {
  private final Session session;
  private final Layers layers;
  private final DecoderConfig config;
  private final DType dtype;
  private final long tokens;
  private final long sequence;
  private final AttentionShape attention;
  private final Scratch memory;
  private final Workspace workspace;
  private final Map<String, TrainableLinear> linears = new LinkedHashMap<>();
  private final Map<String, TrainableMatrix> others = new LinkedHashMap<>();
  private final List<Block> blocks = new ArrayList<>();
  private final DenseLinear head;
  private final @Nullable TrainableMatrix table; // null where it is the head's weight
  private final TrainableMatrix norm;
  private final RopeTable rope;

  private final List<PinnedBuffer> pinned = new ArrayList<>();
  private final Ids hostInputs;
  private final Ids hostTargets;
  private final Ids inputs;
  private final Ids targets;
  private final Matrix last; // what the blocks give, [tokens, hidden]
  private final Matrix normed;
  private final Matrix normRoots;
  private final Matrix logits;
  private final Matrix losses;
  private final PinnedBuffer hostLosses;
  private final Gradients gradients;
  private final StepClock clock;

  /**
   * From weights to start with.
   *
   * @param batch sequences
   * @param sequence tokens of each
   */
  Decoder(
      Session session,
      DecoderConfig config,
      DType dtype,
      long batch,
      long sequence,
      Recipe recipe,
      InitialWeights initial) {
    this.session = session;
    this.layers = session.layers();
    this.config = config;
    this.dtype = dtype;
    this.sequence = sequence;
    this.tokens = Math.multiplyExact(batch, sequence);
    this.attention =
        new AttentionShape(batch, config.heads(), config.kvHeads(), config.attentionScale(), true);
    this.memory = session.scratch();
    this.clock = new StepClock(session);
    try {
      this.workspace = Workspace.of(session, dtype, tokens, needs(recipe));
      long hidden = config.hiddenSize();
      Matrix x = memory.matrix(tokens, hidden, dtype);
      for (int layer = 0; layer < config.layers(); layer++) {
        Matrix next = memory.matrix(tokens, hidden, dtype);
        blocks.add(new Block(layer, x, next, recipe, initial));
        x = next;
      }
      this.last = x;
      this.norm = vector(Names.NORM, recipe, initial);
      String headName = config.tieEmbeddings() ? Names.EMBEDDING : Names.HEAD;
      try (Arena arena = Arena.ofConfined()) {
        long vocab = config.vocabSize();
        Matrix w = initial.weight(headName + Names.WEIGHT, vocab, hidden, arena);
        this.head = DenseLinear.of(workspace, w, recipe.rule(), false);
        linears.put(headName, head);
        if (config.tieEmbeddings()) {
          this.table = null;
        } else {
          Matrix e = initial.weight(Names.EMBEDDING + Names.WEIGHT, vocab, hidden, arena);
          this.table = TrainableMatrix.of(session, e, dtype, recipe.rule());
          others.put(Names.EMBEDDING, table);
        }
      }
      this.rope = RopeTable.of(config, sequence, session, memory);
      this.hostInputs = ids(pinned(tokens * Integer.BYTES));
      this.hostTargets = ids(pinned(tokens * Integer.BYTES));
      this.inputs = ids(memory.buffer(tokens * Integer.BYTES));
      this.targets = ids(memory.buffer(tokens * Integer.BYTES));
      this.normed = memory.matrix(tokens, hidden, dtype);
      this.normRoots = memory.matrix(1, tokens, DType.F32);
      this.logits = memory.matrix(tokens, config.vocabSize(), dtype);
      this.losses = memory.matrix(1, tokens, DType.F32);
      this.hostLosses = pinned(tokens * Float.BYTES);
      this.gradients = new Gradients();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private PinnedBuffer pinned(long bytes) {
    PinnedBuffer buffer = session.allocateHost(bytes);
    pinned.add(buffer);
    return buffer;
  }

  private Ids ids(Buffer buffer) {
    return Ids.of(buffer, 0, tokens);
  }

  private Workspace.Need[] needs(Recipe recipe) {
    List<Workspace.Need> needs = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      for (BlockLinear linear : BlockLinear.values()) {
        needs.add(recipe.need(linear.module(layer), linear.n(config), linear.k(config)));
      }
    }
    needs.add(DenseLinear.needs(config.vocabSize(), config.hiddenSize()));
    return needs.toArray(Workspace.Need[]::new);
  }

  /** A norm's weights. */
  private TrainableMatrix vector(String module, Recipe recipe, InitialWeights initial) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix w = initial.weight(module + Names.WEIGHT, 1, config.hiddenSize(), arena);
      TrainableMatrix vector = TrainableMatrix.of(session, w, DType.F32, recipe.rule());
      others.put(module, vector);
      return vector;
    }
  }

  private void forward(TrainableLinear linear, Matrix x, @Nullable Matrix c, Matrix y) {
    clock.begin(Phase.FORWARD);
    linear.forward(x, c, y);
    clock.end();
  }

  private void backward(TrainableLinear linear, Matrix dy, Matrix x, Matrix dx, float beta) {
    clock.begin(Phase.WEIGHT_GRADIENT);
    linear.weightGradient(dy, x);
    clock.end();
    clock.begin(Phase.INPUT_GRADIENT);
    linear.inputGradient(dy, dx, beta);
    clock.end();
  }

  /** What backward needs of all blocks in turn: gradients of what lies between the operations. */
  private final class Gradients {
    final Matrix residual = memory.matrix(tokens, config.hiddenSize(), dtype);
    final Matrix normed = memory.matrix(tokens, config.hiddenSize(), dtype);
    final Matrix gated = memory.matrix(tokens, config.intermediateSize(), dtype);
    final Matrix attended = memory.matrix(tokens, config.queryCols(), dtype);
    final Matrix q = memory.matrix(tokens, config.queryCols(), dtype);
    final Matrix k = memory.matrix(tokens, config.keyCols(), dtype);
    final Matrix v = memory.matrix(tokens, config.keyCols(), dtype);
  }

  /** Attention and MLP, each behind a norm and added to what passes by. */
  private final class Block {
    private final TrainableMatrix attentionNorm;
    private final TrainableMatrix mlpNorm;
    private final TrainableLinear[] linear = new TrainableLinear[BlockLinear.values().length];

    private final Matrix x;
    private final Matrix normed = memory.matrix(tokens, config.hiddenSize(), dtype);
    private final Matrix roots = memory.matrix(1, tokens, DType.F32);
    private final Matrix q = memory.matrix(tokens, config.queryCols(), dtype);
    private final Matrix k = memory.matrix(tokens, config.keyCols(), dtype);
    private final Matrix v = memory.matrix(tokens, config.keyCols(), dtype);
    private final Matrix attended = memory.matrix(tokens, config.queryCols(), dtype);
    private final Matrix lse = memory.matrix(tokens, config.heads(), DType.F32);
    private final Matrix middle = memory.matrix(tokens, config.hiddenSize(), dtype);
    private final Matrix middleNormed = memory.matrix(tokens, config.hiddenSize(), dtype);
    private final Matrix middleRoots = memory.matrix(1, tokens, DType.F32);
    private final Matrix gate = memory.matrix(tokens, config.intermediateSize(), dtype);
    private final Matrix up = memory.matrix(tokens, config.intermediateSize(), dtype);
    private final Matrix gated = memory.matrix(tokens, config.intermediateSize(), dtype);
    private final Matrix out;

    Block(int layer, Matrix x, Matrix out, Recipe recipe, InitialWeights initial) {
      this.x = x;
      this.out = out;
      this.attentionNorm = vector(Names.attentionNorm(layer), recipe, initial);
      this.mlpNorm = vector(Names.mlpNorm(layer), recipe, initial);
      for (BlockLinear each : BlockLinear.values()) {
        String module = each.module(layer);
        try (Arena arena = Arena.ofConfined()) {
          Matrix w = initial.weight(module + Names.WEIGHT, each.n(config), each.k(config), arena);
          TrainableLinear made = recipe.linear(workspace, module, w);
          linear[each.ordinal()] = made;
          linears.put(module, made);
        }
      }
    }

    private void forward(BlockLinear which, Matrix in, @Nullable Matrix c, Matrix y) {
      Decoder.this.forward(linear[which.ordinal()], in, c, y);
    }

    private void backward(BlockLinear which, Matrix dy, Matrix in, Matrix dx, float beta) {
      Decoder.this.backward(linear[which.ordinal()], dy, in, dx, beta);
    }

    void forward() {
      layers.rmsnorm(x, attentionNorm.values(), config.normEpsilon(), normed, roots);
      forward(BlockLinear.Q, normed, null, q);
      forward(BlockLinear.K, normed, null, k);
      forward(BlockLinear.V, normed, null, v);
      turn(q, config.heads(), false);
      turn(k, config.kvHeads(), false);
      layers.attention(attention, sequence, q, k, v, attended, lse);
      forward(BlockLinear.O, attended, x, middle);
      layers.rmsnorm(middle, mlpNorm.values(), config.normEpsilon(), middleNormed, middleRoots);
      forward(BlockLinear.GATE, middleNormed, null, gate);
      forward(BlockLinear.UP, middleNormed, null, up);
      layers.swiglu(gate, up, gated);
      forward(BlockLinear.DOWN, gated, middle, out);
    }

    private void turn(Matrix of, long heads, boolean inverse) {
      layers.rope(rope.cosines(), rope.sines(), heads, 0, sequence, inverse, of);
    }

    /** The gradient of out, in {@code residual}, becomes that of x; gate and up are overwritten. */
    void backward() {
      Gradients d = gradients;
      backward(BlockLinear.DOWN, d.residual, gated, d.gated, 0);
      layers.swigluGrad(gate, up, d.gated, gate, up);
      backward(BlockLinear.GATE, gate, middleNormed, d.normed, 0);
      backward(BlockLinear.UP, up, middleNormed, d.normed, 1);
      layers.rmsnormGrad(
          middle, mlpNorm.values(), middleRoots, d.normed, 1, d.residual, mlpNorm.gradient());
      backward(BlockLinear.O, d.residual, attended, d.attended, 0);
      layers.attentionGrad(attention, sequence, q, k, v, attended, lse, d.attended, d.q, d.k, d.v);
      turn(d.q, config.heads(), true);
      turn(d.k, config.kvHeads(), true);
      backward(BlockLinear.Q, d.q, normed, d.normed, 0);
      backward(BlockLinear.K, d.k, normed, d.normed, 1);
      backward(BlockLinear.V, d.v, normed, d.normed, 1);
      layers.rmsnormGrad(
          x, attentionNorm.values(), roots, d.normed, 1, d.residual, attentionNorm.gradient());
    }
  }

  DecoderConfig config() {
    return config;
  }

  DType dtype() {
    return dtype;
  }

  Session session() {
    return session;
  }

  /** Tokens of a batch. */
  long tokens() {
    return tokens;
  }

  /**
   * By module, such as {@code model.layers.0.mlp.up_proj}; the head, or tied table, is the last.
   */
  Map<String, TrainableLinear> linears() {
    return linears;
  }

  /** Norms, and the embedding's table if the head has another weight. */
  Map<String, TrainableMatrix> others() {
    return others;
  }

  /** The batch that comes next: input i's target is what follows it. */
  void set(int[] input, int[] target) {
    for (int i = 0; i < tokens; i++) {
      hostInputs.set(i, input[i]);
      hostTargets.set(i, target[i]);
    }
    session.copyAsync(hostInputs.buffer(), inputs.buffer());
    session.copyAsync(hostTargets.buffer(), targets.buffer());
  }

  private void forward() {
    Matrix values = table == null ? head.values() : table.values();
    layers.embed(inputs, values, blocks.getFirst().x);
    blocks.forEach(Block::forward);
    layers.rmsnorm(last, norm.values(), config.normEpsilon(), normed, normRoots);
    forward(head, normed, null, logits);
  }

  /** The mean loss of the batch, without gradients. */
  double loss() {
    forward();
    clock.discard();
    layers.crossEntropy(logits, targets, 1, losses, null);
    return meanLoss();
  }

  /** The mean loss of the batch; its gradients are added to those of others since the last step. */
  double lossAndGradient() {
    forward();
    layers.crossEntropy(logits, targets, 1f / tokens, losses, logits);
    Gradients d = gradients;
    backward(head, logits, normed, d.normed, 0);
    layers.rmsnormGrad(last, norm.values(), normRoots, d.normed, 0, d.residual, norm.gradient());
    for (Block block : blocks.reversed()) {
      block.backward();
    }
    layers.embedGrad(inputs, d.residual, table == null ? head.gradient() : table.gradient());
    double loss = meanLoss();
    clock.read();
    return loss;
  }

  private double meanLoss() {
    session.copy(losses.buffer(), hostLosses);
    double sum = 0;
    for (long i = 0; i < tokens; i++) {
      sum += DType.F32.get(hostLosses.segment(), i * Float.BYTES);
    }
    return sum / tokens;
  }

  /** Of all gradients together. */
  double squaredGradientNorm() {
    double sum = 0;
    for (TrainableLinear linear : linears.values()) {
      sum += linear.squaredGradientNorm();
    }
    for (TrainableMatrix other : others.values()) {
      sum += other.squaredGradientNorm();
    }
    return sum;
  }

  /** A step of all, after which it waits; norms are not decayed. */
  void step(Optimizer settings, float gradScale) {
    clock.begin(Phase.OPTIMIZER);
    Optimizer undecayed =
        switch (settings) {
          case AdamW a -> new AdamW(a.lr(), a.beta1(), a.beta2(), a.epsilon(), 0);
          case Sgd s -> new Sgd(s.lr(), s.momentum(), 0);
        };
    linears.values().forEach(linear -> linear.step(settings, gradScale));
    others.values().forEach(other -> other.step(other == table ? settings : undecayed, gradScale));
    clock.end();
    session.synchronize();
    clock.read();
  }

  /**
   * The times of what was done since the last call.
   *
   * @param milliseconds of all of it
   */
  StepTimes times(double milliseconds) {
    return clock.take(milliseconds);
  }

  /** What the linear layers keep between steps. */
  MemoryUse memory() {
    return linears.values().stream()
        .map(TrainableLinear::memory)
        .reduce(MemoryUse::plus)
        .orElseThrow();
  }

  /** What they would keep if all were dense. */
  MemoryUse denseMemory(Rule rule) {
    return linears.values().stream()
        .map(linear -> MemoryUse.dense(linear.n(), linear.k(), dtype, rule))
        .reduce(MemoryUse::plus)
        .orElseThrow();
  }

  /** SLoPe's adapters, on all layers that are its; L has the deviation of 1 / √k. */
  void attachAdapters(long rank, long seed) {
    linears.forEach((module, linear) -> {
      if (linear instanceof SlopeLinear slope) {
        double deviation = 1 / Math.sqrt((double) slope.k());
        slope.attachAdapters(rank, deviation, Seeds.of(seed, "adapters of " + module));
      }
    });
  }

  /** The tensors of a checkpoint that goes on bit for bit. */
  List<TensorInfo> state() {
    List<TensorInfo> infos = new ArrayList<>();
    linears.forEach((module, linear) -> infos.addAll(linear.state(module)));
    others.forEach((module, other) -> infos.addAll(other.state(module)));
    return infos;
  }

  void save(SafetensorsWriter to) throws IOException {
    for (Map.Entry<String, TrainableLinear> linear : linears.entrySet()) {
      linear.getValue().save(linear.getKey(), to);
    }
    for (Map.Entry<String, TrainableMatrix> other : others.entrySet()) {
      other.getValue().save(other.getKey(), to);
    }
  }

  void restore(Safetensors from) throws IOException {
    for (Map.Entry<String, TrainableLinear> linear : linears.entrySet()) {
      linear.getValue().restore(linear.getKey(), from);
    }
    for (Map.Entry<String, TrainableMatrix> other : others.entrySet()) {
      other.getValue().restore(other.getKey(), from);
    }
  }

  @Override
  public void close() {
    linears.values().forEach(TrainableLinear::close);
    others.values().forEach(TrainableMatrix::close);
    if (workspace != null) {
      workspace.close();
    }
    pinned.forEach(PinnedBuffer::close);
    clock.close();
    memory.close();
  }
}
