package io.sparse24.llm;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.Gram;
import io.sparse24.api.DType;
import io.sparse24.api.Ids;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.CheckpointCopy;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.Tensor;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Prunes a decoder of the Llama family block by block, as Wanda's authors do (arXiv 2306.11695):
 * random crops of a text go through the blocks; each block's linear layers are pruned by what they
 * multiply there, and the crops go through the block once more to become the inputs of the next, so
 * each block is judged by what it will get. One block's weights are in memory at a time, and what
 * the crops are between two blocks is in a file.
 */
public final class ModelPruner {
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final String REPORT = "report";

  /**
   * What is drawn from the text.
   *
   * @param samples crops of it, at least 1
   * @param seq tokens of each, at least 2
   * @param seed draws them
   */
  public record Crops(int samples, int seq, long seed) {
    /** Checks. */
    public Crops {
      if (samples < 1) {
        throw new IllegalArgumentException("samples: are " + samples + ", must be at least 1");
      }
      if (seq < 2) {
        throw new IllegalArgumentException("seq: is " + seq + ", must be at least 2");
      }
    }
  }

  /**
   * A weight that was pruned.
   *
   * @param name of the weight
   * @param plan how it was pruned
   * @param dtype its type
   * @param shape {@code [n, k]}
   * @param bytes it took
   * @param storedBytes it takes, with what is put beside it
   * @param relativeError ‖X Wᵀ − X Ŵᵀ‖ / ‖X Wᵀ‖ over the first crop
   * @param keptEnergy ‖Ŵ‖² / ‖W‖²; more than 1 where what stays was made larger
   * @param ms time to prune it
   */
  public record Layer(
      String name,
      String plan,
      String dtype,
      List<Long> shape,
      long bytes,
      long storedBytes,
      double relativeError,
      double keptEnergy,
      double ms) {}

  /**
   * What was done.
   *
   * @param layers all weights that were pruned, by an earlier run too
   * @param resumedAt blocks that an earlier run had done
   * @param forwardSeconds of this run in forward passes
   * @param pruneSeconds of this run in pruning
   * @param workingBytes bound on what one block needs in memory: its weights, their scores, one
   *     crop's activations; a score that needs gradients has all blocks in memory once before
   * @param bytesIn of the source's tensors
   * @param bytesOut of the new ones
   */
  public record Result(
      List<Layer> layers,
      int resumedAt,
      double forwardSeconds,
      double pruneSeconds,
      long workingBytes,
      long bytesIn,
      long bytesOut) {}

  /** Told how far it is. */
  public interface Progress {
    /**
     * A crop went through a block once more.
     *
     * @param done such passes, two for each crop and block
     * @param of all
     * @param what is done now
     */
    void pass(long done, long of, String what);
  }

  private final Session session;
  private final Checkpoint checkpoint;
  private final Map<String, LayerPlan> plans;
  private final Crops crops;
  private final Progress progress;
  private final DecoderConfig config;
  private final DType dtype;
  private final CheckpointCopy copy;
  private final Map<String, Weight> chosen = new LinkedHashMap<>();
  private final ModelWeights source;
  private final HiddenStates.Shape shape;
  private final LayerPruner layerPruner;
  private final List<Layer> layers = new ArrayList<>();
  private int adapterRank;
  private long passes;
  private long forwardNanos;
  private long pruneNanos;

  private ModelPruner(
      Session session,
      Checkpoint checkpoint,
      Map<String, LayerPlan> plans,
      Crops crops,
      Progress progress)
      throws IOException {
    this.session = session;
    this.checkpoint = checkpoint;
    this.plans = plans;
    this.crops = crops;
    this.progress = progress;
    this.config = LanguageModel.config(checkpoint.path(), checkpoint);
    if (crops.seq() > config.maxPositions()) {
      throw new IllegalArgumentException(
          "seq: is " + crops.seq() + ", the model knows " + config.maxPositions() + " positions");
    }
    for (LayerPlan plan : plans.values()) {
      if (plan.method().needsRouter()) {
        throw new IllegalArgumentException(
            "method: "
                + plan.method().name()
                + " needs a router's weights, and decoders of the Llama family have no router");
      }
    }
    if (plans.values().stream().anyMatch(LayerPlan::needsLapack)) {
      Gram.requireLapack();
    }
    this.copy = new CheckpointCopy(checkpoint);
    this.source = new ModelWeights(session, checkpoint, false);
    this.dtype =
        source
            .weight(Names.EMBEDDING + Names.WEIGHT, config.vocabSize(), config.hiddenSize())
            .dtype();
    this.shape = new HiddenStates.Shape(crops.samples(), crops.seq(), config.hiddenSize(), dtype);
    this.layerPruner = new LayerPruner(session, plans, crops, dtype);
    Map<String, Weight> linears = new LinkedHashMap<>();
    for (int block = 0; block < config.layers(); block++) {
      for (BlockLinear linear : BlockLinear.values()) {
        String name = linear.module(block) + Names.WEIGHT;
        linears.put(name, source.weight(name, linear.n(config), linear.k(config)));
      }
    }
    for (String name : plans.keySet()) {
      Weight weight = linears.get(name);
      if (weight == null) {
        throw new IllegalArgumentException(
            checkpoint.path()
                + ": '"
                + name
                + "' is no linear layer of a block, only those are pruned by a text");
      }
      chosen.put(name, weight);
    }
    for (Weight weight : copy.weights()) {
      LayerPlan plan = plans.get(weight.name());
      if (plan != null) {
        copy.store(weight, plan.format());
        chosen.put(weight.name(), weight);
        compensate(weight, plan.compensation());
      }
    }
  }

  /** Makes room for adapters. */
  private void compensate(Weight weight, @Nullable Compensation compensation) throws IOException {
    if (compensation == null) {
      return;
    }
    if (source.adapterRank() > 0) {
      throw new IOException(
          checkpoint.path() + ": has adapters already, there is no room for others beside them");
    }
    int rank = compensation.rank();
    if (adapterRank != 0 && adapterRank != rank) {
      throw new IllegalArgumentException(
          "rank: is " + rank + " and elsewhere " + adapterRank + ", must be one for all layers");
    }
    List<Long> shape = weight.info().shape();
    if (rank > Math.min(shape.getFirst(), shape.getLast())) {
      throw new IllegalArgumentException(
          "rank: is " + rank + ", '" + weight.name() + "' is " + weight.info().shapeText());
    }
    adapterRank = rank;
    copy.add(weight, LayerPruner.adapters(weight, rank));
    copy.describe(ModelFiles.ADAPTERS, JSON.createObjectNode().put("rank", rank).put("scale", 1));
  }

  /**
   * Prunes a model. A run that was killed is gone on with by the same call: what it had done is in
   * a folder beside OUT, named {@code OUT.pruning}, which goes when OUT is there.
   *
   * @param session computes
   * @param checkpoint a Hugging Face directory of a decoder, its chosen weights not compressed
   * @param out where the new one goes; must not exist
   * @param plans by the names of the weights to prune, all of them linear layers of blocks, see
   *     {@link #linearWeights}
   * @param tokens the text that the crops are drawn from, at least as many as one crop has
   * @param crops how many, and how long
   * @param progress told how far it is
   * @return what was done
   * @throws IOException if something can't be read or written
   * @throws IllegalArgumentException if the text is too short, or a name is no linear layer
   */
  public static Result prune(
      Session session,
      Checkpoint checkpoint,
      Path out,
      Map<String, LayerPlan> plans,
      int[] tokens,
      Crops crops,
      Progress progress)
      throws IOException {
    if (tokens.length < crops.seq()) {
      throw new IllegalArgumentException(
          "text: has " + tokens.length + " tokens, a crop needs " + crops.seq());
    }
    ModelPruner pruner = new ModelPruner(session, checkpoint, plans, crops, progress);
    PruneFolder folder = PruneFolder.open(out, pruner.plan(tokens));
    try {
      Result result = pruner.run(folder, out, tokens);
      folder.delete();
      return result;
    } finally {
      folder.close();
    }
  }

  /**
   * Names of the weights that can be pruned by a text: the linear layers of all blocks.
   *
   * @param config of the model
   * @return names
   */
  public static List<String> linearWeights(DecoderConfig config) {
    List<String> names = new ArrayList<>();
    for (int block = 0; block < config.layers(); block++) {
      for (BlockLinear linear : BlockLinear.values()) {
        names.add(linear.module(block) + Names.WEIGHT);
      }
    }
    return names;
  }

  /** What a run must have in common with one that it goes on with. */
  private ObjectNode plan(int[] tokens) throws IOException {
    MessageDigest digest = sha256();
    for (int token : tokens) {
      digest.update(
          new byte[] {
            (byte) (token >> 24), (byte) (token >> 16), (byte) (token >> 8), (byte) token
          });
    }
    String text = HexFormat.of().formatHex(digest.digest());
    // Another model may have come to the same path since, of the same shapes.
    for (Weight weight : copy.weights()) {
      String file = Files.getLastModifiedTime(weight.parts().getFirst().file()).toString();
      digest.update(
          (weight.name() + weight.info().type() + weight.info().shapeText() + file)
              .getBytes(StandardCharsets.UTF_8));
    }
    return JSON.createObjectNode()
        .put("model", checkpoint.path().toAbsolutePath().toString())
        .put(
            "methods",
            plans.values().stream().map(LayerPlan::toString).distinct().collect(joining(", ")))
        .put("samples", crops.samples())
        .put("seq", crops.seq())
        .put("seed", crops.seed())
        .put("backend", session.info().backend())
        .put("text", text)
        .put("weights", HexFormat.of().formatHex(digest.digest()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private Result run(PruneFolder folder, Path out, int[] tokens) throws IOException {
    int done = folder.done(config.layers());
    for (int block = 0; block < done; block++) {
      try (Safetensors file = Safetensors.open(folder.block(block))) {
        layers.addAll(
            JSON.readValue(
                Objects.requireNonNull(file.metadata().get(REPORT)), new TypeReference<>() {}));
      }
    }
    passes = 2L * crops.samples() * done;
    if (done < config.layers()) {
      try (Scratch memory = session.scratch()) {
        RopeTable rope = RopeTable.of(config, crops.seq(), session, memory);
        DecoderBlock.Rows rows = DecoderBlock.Rows.allocate(memory, config, crops.seq(), dtype);
        DecoderBlock.Cache cache =
            new DecoderBlock.Cache(
                memory.matrix(crops.seq(), config.keyCols(), dtype),
                memory.matrix(crops.seq(), config.keyCols(), dtype));
        List<int[]> texts = draw(tokens);
        if (done == 0) {
          embed(folder, texts);
        }
        try (Safetensors gradients = gradients(folder, texts)) {
          for (int block = done; block < config.layers(); block++) {
            pruneBlock(folder, block, new Pass(rows, cache, rope), gradients);
          }
        }
      }
    }
    long bytesOut = assemble(folder, out);
    return new Result(
        List.copyOf(layers),
        done,
        forwardNanos / 1e9,
        pruneNanos / 1e9,
        workingBytes(),
        copy.bytesIn(),
        bytesOut);
  }

  private List<int[]> draw(int[] tokens) {
    Random random = new Random(crops.seed());
    List<int[]> texts = new ArrayList<>();
    for (int sample = 0; sample < crops.samples(); sample++) {
      int from = random.nextInt(tokens.length - crops.seq() + 1);
      int[] crop = Arrays.copyOfRange(tokens, from, from + crops.seq());
      for (int token : crop) {
        if (token < 0 || token >= config.vocabSize()) {
          throw new IllegalArgumentException(
              "text: token " + token + " is none, must be less than " + config.vocabSize());
        }
      }
      texts.add(crop);
    }
    return texts;
  }

  /** Those of the dense model, if the score needs them; computed once. */
  private @Nullable Safetensors gradients(PruneFolder folder, List<int[]> texts)
      throws IOException {
    if (plans.values().stream().noneMatch(plan -> plan.method().needsGradient())) {
      return null;
    }
    Path file = folder.gradients();
    if (!Files.isRegularFile(file)) {
      progress.pass(passes, 2L * crops.samples() * config.layers(), "gradients");
      long start = System.nanoTime();
      ModelGradients.write(session, config, source, texts, file);
      forwardNanos += System.nanoTime() - start;
    }
    return Safetensors.open(file);
  }

  /** What a pass through a block needs. */
  private record Pass(DecoderBlock.Rows rows, DecoderBlock.Cache cache, RopeTable rope) {}

  /**
   * The weights of a block twice (as stored and as used), scores of the largest, a crop; where a
   * method needs Gram matrices, those, and what it works with.
   */
  private long workingBytes() {
    long weights = 0;
    long largest = 0;
    long columns = 0;
    for (BlockLinear linear : BlockLinear.values()) {
      long elements = linear.n(config) * linear.k(config);
      weights += elements * dtype.bytes();
      largest = Math.max(largest, elements);
      columns = Math.max(columns, linear.k(config));
    }
    long rows = 2L * config.hiddenSize() + 2L * config.queryCols() + 2L * config.keyCols();
    rows += 2L * config.intermediateSize();
    long inputs = config.hiddenSize() * 2L + config.queryCols() + config.intermediateSize();
    long bytes =
        2 * weights
            + largest * (Float.BYTES + 2L * dtype.bytes())
            + crops.seq() * (rows + inputs) * dtype.bytes();
    if (plans.values().stream().anyMatch(LayerPlan::needsGram)) {
      long hidden = config.hiddenSize();
      long query = config.queryCols();
      long middle = config.intermediateSize();
      long grams = 2 * hidden * hidden + query * query + middle * middle;
      // Each with two factors in F32; the largest in float64, twice; weights in F32.
      bytes += 3 * grams * Float.BYTES + 2 * columns * columns * Double.BYTES;
      bytes += 5 * largest * Float.BYTES;
    }
    return bytes;
  }

  /** The crops as the first block gets them. */
  private void embed(PruneFolder folder, List<int[]> texts) throws IOException {
    Path part = folder.hiddenPart(0);
    try (Scratch memory = session.scratch();
        Arena arena = Arena.ofConfined();
        HiddenStates to = HiddenStates.create(part, shape)) {
      Matrix table =
          source.dense(
              source.weight(
                  Names.EMBEDDING + Names.WEIGHT, config.vocabSize(), config.hiddenSize()),
              dtype,
              memory);
      Matrix x = memory.matrix(crops.seq(), config.hiddenSize(), dtype);
      Ids ids = Ids.allocate(arena, crops.seq());
      for (int sample = 0; sample < crops.samples(); sample++) {
        int[] crop = texts.get(sample);
        for (int i = 0; i < crops.seq(); i++) {
          ids.segment().setAtIndex(ValueLayout.JAVA_INT, i, crop[i]);
        }
        try (Scratch copies = session.scratch()) {
          session.layers().embed(copies.upload(ids), table, x);
          copies.download(x, to.sample(sample));
          session.synchronize();
        }
      }
      to.commit(part, folder.hidden(0));
    }
  }

  private void pruneBlock(PruneFolder folder, int index, Pass pass, @Nullable Safetensors gradients)
      throws IOException {
    Path part = folder.hiddenPart(index + 1);
    try (Scratch memory = session.scratch();
        Arena arena = Arena.ofShared();
        HiddenStates from = HiddenStates.open(folder.hidden(index), shape);
        HiddenStates to = HiddenStates.create(part, shape);
        DecoderBlock block = new DecoderBlock(session, source, config, index, dtype, crops.seq());
        LayerPruner.Statistics statistics = layerPruner.new Statistics(memory, index)) {
      String what = "block " + (index + 1) + " of " + config.layers();
      for (int sample = 0; sample < crops.samples(); sample++) {
        forward(block, pass, from.sample(sample), statistics, null, what);
      }
      long start = System.nanoTime();
      List<Layer> report = new ArrayList<>();
      List<TensorInfo> infos = new ArrayList<>();
      List<MemorySegment> parts = new ArrayList<>();
      for (BlockLinear linear : BlockLinear.values()) {
        Weight weight = chosen.get(linear.module(index) + Names.WEIGHT);
        if (weight != null) {
          Matrix gradient =
              gradients == null
                  ? null
                  : gradients.tensor(weight.name() + ModelGradients.SUFFIX).matrix(arena);
          LayerPruner.Made made =
              layerPruner.prune(block, linear, weight, gradient, statistics, memory, arena);
          report.add(made.report());
          infos.addAll(made.infos());
          parts.addAll(made.parts());
        }
      }
      pruneNanos += System.nanoTime() - start;
      for (int sample = 0; sample < crops.samples(); sample++) {
        forward(
            block, pass, from.sample(sample), DecoderBlock.Watch.NOTHING, to.sample(sample), what);
      }
      to.commit(part, folder.hidden(index + 1));
      try (SafetensorsWriter writer =
          new SafetensorsWriter(
              folder.block(index), infos, Map.of(REPORT, JSON.writeValueAsString(report)))) {
        for (MemorySegment each : parts) {
          writer.write(each);
        }
        writer.commit();
      }
      layers.addAll(report);
    }
    folder.deleteHidden(index);
  }

  private void forward(
      DecoderBlock block,
      Pass pass,
      Matrix from,
      DecoderBlock.Watch watch,
      @Nullable Matrix to,
      String what) {
    long start = System.nanoTime();
    try (Scratch copies = session.scratch()) {
      session.copy(copies.upload(from).buffer(), pass.rows().x().buffer());
      block.forward(pass.rows(), pass.cache(), 0, pass.rope(), watch);
      if (to != null) {
        copies.download(pass.rows().x(), to);
      }
      session.synchronize();
    }
    forwardNanos += System.nanoTime() - start;
    passes++;
    progress.pass(passes, 2L * crops.samples() * config.layers(), what);
  }

  private long assemble(PruneFolder folder, Path out) throws IOException {
    List<Safetensors> files = new ArrayList<>();
    try {
      Map<String, Tensor> made = new LinkedHashMap<>();
      for (int block = 0; block < config.layers(); block++) {
        Safetensors file = Safetensors.open(folder.block(block));
        files.add(file);
        file.tensors().forEach(tensor -> made.put(tensor.name(), tensor));
      }
      try (CheckpointWriter writer = copy.start(out)) {
        for (Weight weight : copy.weights()) {
          if (!chosen.containsKey(weight.name())) {
            copy.pass(weight, writer);
            continue;
          }
          for (TensorInfo info : copy.parts(weight)) {
            writer.write(Objects.requireNonNull(made.get(info.name())).segment());
          }
        }
        copy.finish(writer);
      }
      return copy.bytesOut();
    } finally {
      files.forEach(Safetensors::close);
    }
  }
}
