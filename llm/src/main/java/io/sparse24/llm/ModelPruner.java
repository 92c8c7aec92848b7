package io.sparse24.llm;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.Gram;
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
import java.nio.ByteBuffer;
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
 * Prunes a decoder of the Llama family or an encoder of the BERT family block by block, as Wanda's
 * authors do (arXiv 2306.11695): samples of a text go through the blocks; each block's linear
 * layers are pruned by what they multiply there, and the samples go through the block once more to
 * become the inputs of the next, so each block is judged by what it will get. One block's weights
 * are in memory at a time, and what the samples are between two blocks is in a file.
 */
public final class ModelPruner {
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final String REPORT = "report";

  /**
   * A weight that was pruned.
   *
   * @param name of the weight
   * @param plan how it was pruned
   * @param dtype its type
   * @param shape {@code [n, k]}
   * @param bytes it took
   * @param storedBytes it takes, with what is put beside it
   * @param relativeError ‖X Wᵀ − X Ŵᵀ‖ / ‖X Wᵀ‖ over the first sample
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
   *     sample's activations; a score that needs gradients has all blocks in memory once before
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
     * A sample went through a block once more.
     *
     * @param done such passes, two for each sample and block
     * @param of all
     * @param what is done now
     */
    void pass(long done, long of, String what);
  }

  private final Session session;
  private final Checkpoint checkpoint;
  private final Map<String, LayerPlan> plans;
  private final List<int[]> samples;
  private final int longest;
  private final Progress progress;
  private final BlockModel model;
  private final ReorderedLayers reordered;
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
      List<int[]> samples,
      Progress progress)
      throws IOException {
    this.session = session;
    this.checkpoint = checkpoint;
    this.plans = plans;
    this.samples = samples;
    this.progress = progress;
    this.longest = samples.stream().mapToInt(sample -> sample.length).max().orElse(0);
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
    checkSamples();
    if (needsGradients() && EncoderConfig.describes(checkpoint)) {
      throw new IOException(
          checkpoint.path() + ": is no decoder, there are no gradients of its loss");
    }
    if (needsGradients()
        && (longest < 2 || samples.stream().anyMatch(sample -> sample.length != longest))) {
      throw new IllegalArgumentException(
          "samples: must be of one length, at least 2, for gradients; the longest has " + longest);
    }
    this.model = BlockModel.of(session, checkpoint, longest);
    this.reordered = new ReorderedLayers(model, plans);
    try {
      this.shape =
          new HiddenStates.Shape(samples.size(), longest, model.hiddenSize(), model.dtype());
      this.layerPruner = new LayerPruner(session, plans, longest, model.dtype());
      choose();
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private void checkSamples() throws IOException {
    if (samples.isEmpty()) {
      throw new IllegalArgumentException("samples: are 0, must be at least 1");
    }
    int positions = BlockModel.maxPositions(checkpoint);
    int vocabulary = BlockModel.vocabSize(checkpoint);
    for (int[] sample : samples) {
      if (sample.length < 1 || sample.length > positions) {
        throw new IllegalArgumentException(
            "samples: one has "
                + sample.length
                + " tokens, the model knows "
                + positions
                + " positions");
      }
      for (int token : sample) {
        if (token < 0 || token >= vocabulary) {
          throw new IllegalArgumentException(
              "samples: token " + token + " is none, must be less than " + vocabulary);
        }
      }
    }
  }

  private void choose() throws IOException {
    Map<String, Weight> linears = new LinkedHashMap<>();
    for (int block = 0; block < model.blocks(); block++) {
      for (LinearLayer layer : model.layers(block)) {
        linears.put(layer.weight(), source.weight(layer.weight(), layer.n(), layer.k()));
      }
    }
    reordered.check();
    if (reordered.any() && source.adapterRank() > 0) {
      throw new IOException(
          checkpoint.path() + ": has adapters, which channels can't be reordered beside");
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
   * @param checkpoint a Hugging Face directory of a decoder or encoder, its chosen weights not
   *     compressed
   * @param out where the new one goes; must not exist
   * @param plans by the names of the weights to prune, all of them linear layers of blocks, see
   *     {@link #linearWeights}
   * @param samples of a text, token ids of each; all of the same length for a score that needs
   *     gradients
   * @param progress told how far it is
   * @return what was done
   * @throws IOException if something can't be read or written
   * @throws IllegalArgumentException if a sample does not fit the model, or a name is no linear
   *     layer
   */
  public static Result prune(
      Session session,
      Checkpoint checkpoint,
      Path out,
      Map<String, LayerPlan> plans,
      List<int[]> samples,
      Progress progress)
      throws IOException {
    ModelPruner pruner = new ModelPruner(session, checkpoint, plans, samples, progress);
    try (BlockModel model = pruner.model) {
      PruneFolder folder = PruneFolder.open(out, pruner.plan());
      try {
        Result result = pruner.run(folder, model.blocks(), out);
        folder.delete();
        return result;
      } finally {
        folder.close();
      }
    }
  }

  /**
   * Random crops of a text, for a decoder.
   *
   * @param tokens the text
   * @param count how many, at least 1
   * @param length tokens of each, at least 2
   * @param seed draws them
   * @return the crops
   * @throws IllegalArgumentException if the text is shorter than a crop
   */
  public static List<int[]> crops(int[] tokens, int count, int length, long seed) {
    if (count < 1 || length < 2) {
      throw new IllegalArgumentException(
          "crops: are " + count + " of " + length + " tokens, must be at least 1 of 2");
    }
    if (tokens.length < length) {
      throw new IllegalArgumentException(
          "text: has " + tokens.length + " tokens, a crop needs " + length);
    }
    Random random = new Random(seed);
    List<int[]> crops = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int from = random.nextInt(tokens.length - length + 1);
      crops.add(Arrays.copyOfRange(tokens, from, from + length));
    }
    return crops;
  }

  /**
   * Names of the weights that can be pruned by a text: the linear layers of all blocks.
   *
   * @param checkpoint a Hugging Face directory of a decoder or encoder
   * @return names
   * @throws IOException if it is of no such model
   */
  public static List<String> linearWeights(Checkpoint checkpoint) throws IOException {
    return BlockModel.layers(checkpoint).stream().map(LinearLayer::weight).toList();
  }

  /**
   * Blocks of a model.
   *
   * @param checkpoint its directory
   * @return how many
   * @throws IOException if it is of no such model
   */
  public static int blocks(Checkpoint checkpoint) throws IOException {
    return BlockModel.blocks(checkpoint);
  }

  /**
   * Longest sequence that a model knows.
   *
   * @param path its directory
   * @return tokens
   * @throws IOException if it is of no such model
   */
  public static int maxPositions(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return BlockModel.maxPositions(checkpoint);
    }
  }

  /** What a run must have in common with one that it goes on with. */
  private ObjectNode plan() throws IOException {
    MessageDigest digest = sha256();
    for (int[] sample : samples) {
      ByteBuffer bytes = ByteBuffer.allocate((1 + sample.length) * Integer.BYTES);
      bytes.putInt(sample.length).asIntBuffer().put(sample);
      digest.update(bytes.array());
    }
    String text = HexFormat.of().formatHex(digest.digest());
    // Another model may have come to the same path since, of the same shapes.
    for (Weight weight : copy.weights()) {
      String file = Files.getLastModifiedTime(weight.parts().getFirst().file()).toString();
      // Which weight is pruned how is compared too: biases may follow weights that are reordered.
      LayerPlan plan = plans.get(weight.name());
      digest.update(
          (weight.name() + weight.info().type() + weight.info().shapeText() + file + plan)
              .getBytes(StandardCharsets.UTF_8));
    }
    return JSON.createObjectNode()
        .put("model", checkpoint.path().toAbsolutePath().toString())
        .put(
            "methods",
            plans.values().stream().map(LayerPlan::toString).distinct().collect(joining(", ")))
        .put("samples", samples.size())
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

  private Result run(PruneFolder folder, int blocks, Path out) throws IOException {
    int done = folder.done(blocks);
    for (int block = 0; block < done; block++) {
      try (Safetensors file = Safetensors.open(folder.block(block))) {
        layers.addAll(
            JSON.readValue(
                Objects.requireNonNull(file.metadata().get(REPORT)), new TypeReference<>() {}));
      }
    }
    passes = 2L * samples.size() * done;
    if (done < blocks) {
      if (done == 0) {
        embed(folder);
      }
      try (Safetensors gradients = gradients(folder)) {
        for (int block = done; block < blocks; block++) {
          pruneBlock(folder, block, gradients);
        }
      }
    }
    long bytesOut = assemble(folder, out);
    return new Result(
        List.copyOf(layers),
        done,
        forwardNanos / 1e9,
        pruneNanos / 1e9,
        BlockMemory.bound(model, plans, longest),
        copy.bytesIn(),
        bytesOut);
  }

  private boolean needsGradients() {
    return plans.values().stream().anyMatch(plan -> plan.method().needsGradient());
  }

  /** Those of the dense model, if the score needs them; computed once. */
  private @Nullable Safetensors gradients(PruneFolder folder) throws IOException {
    if (!needsGradients() || !(model instanceof DecoderBlocks decoder)) {
      return null;
    }
    Path file = folder.gradients();
    if (!Files.isRegularFile(file)) {
      progress.pass(passes, allPasses(), "gradients");
      long start = System.nanoTime();
      ModelGradients.write(session, decoder.config(), source, samples, file);
      forwardNanos += System.nanoTime() - start;
    }
    return Safetensors.open(file);
  }

  private long allPasses() {
    return 2L * samples.size() * model.blocks();
  }

  /** The samples as the first block gets them. */
  private void embed(PruneFolder folder) throws IOException {
    Path part = folder.hiddenPart(0);
    try (HiddenStates to = HiddenStates.create(part, shape)) {
      model.embed(
          samples, (sample, x) -> to.sample(sample, x.rows()).segment().copyFrom(x.segment()));
      to.commit(part, folder.hidden(0));
    }
  }

  private void pruneBlock(PruneFolder folder, int index, @Nullable Safetensors gradients)
      throws IOException {
    Path part = folder.hiddenPart(index + 1);
    List<LinearLayer> all = model.layers(index);
    try (Scratch memory = session.scratch();
        Arena arena = Arena.ofShared();
        HiddenStates from = HiddenStates.open(folder.hidden(index), shape);
        HiddenStates to = HiddenStates.create(part, shape);
        BlockModel.Block block = model.open(index);
        LayerPruner.Statistics statistics = layerPruner.new Statistics(memory, all)) {
      String what = "block " + (index + 1) + " of " + model.blocks();
      for (int sample = 0; sample < samples.size(); sample++) {
        forward(block, sample, from, statistics, null, what);
      }
      long start = System.nanoTime();
      List<Layer> report = new ArrayList<>();
      List<TensorInfo> infos = new ArrayList<>();
      List<MemorySegment> parts = new ArrayList<>();
      Map<String, Matrix> weights = new LinkedHashMap<>();
      Map<String, Matrix> gradientOf = new LinkedHashMap<>();
      for (LinearLayer layer : all) {
        Weight weight = chosen.get(layer.weight());
        if (weight != null) {
          weights.put(layer.weight(), weight.parts().getFirst().matrix(arena));
          if (gradients != null) {
            gradientOf.put(
                layer.weight(),
                gradients.tensor(layer.weight() + ModelGradients.SUFFIX).matrix(arena));
          }
        }
      }
      BlockReorder reorder =
          new BlockReorder(session, source, block, weights, gradientOf, statistics, arena);
      for (LinearLayer layer : all) {
        Channels channels = reordered.channels(index, layer);
        if (channels != null) {
          progress.pass(passes, allPasses(), what + ", order of channels");
          LayerPlan plan = Objects.requireNonNull(plans.get(layer.weight()));
          for (LinearLayer each : reorder.of(layer, channels, plan)) {
            layerPruner.replace(
                block, each, Objects.requireNonNull(weights.get(each.weight())), memory);
          }
        }
      }
      reorder
          .biases()
          .forEach((info, bias) -> {
            infos.add(info);
            parts.add(bias.segment());
          });
      for (LinearLayer layer : all) {
        Weight weight = chosen.get(layer.weight());
        if (weight != null) {
          LayerPruner.Made made =
              layerPruner.prune(
                  block,
                  layer,
                  weight,
                  Objects.requireNonNull(weights.get(layer.weight())),
                  gradientOf.get(layer.weight()),
                  statistics,
                  memory,
                  arena);
          report.add(made.report());
          infos.addAll(made.infos());
          parts.addAll(made.parts());
        }
      }
      pruneNanos += System.nanoTime() - start;
      for (int sample = 0; sample < samples.size(); sample++) {
        forward(block, sample, from, BlockModel.Watch.NOTHING, to, what);
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
      BlockModel.Block block,
      int sample,
      HiddenStates from,
      BlockModel.Watch watch,
      @Nullable HiddenStates to,
      String what) {
    long start = System.nanoTime();
    int length = samples.get(sample).length;
    block.forward(
        from.sample(sample, length), to == null ? null : to.sample(sample, length), watch);
    forwardNanos += System.nanoTime() - start;
    passes++;
    progress.pass(passes, allPasses(), what);
  }

  private long assemble(PruneFolder folder, Path out) throws IOException {
    List<Safetensors> files = new ArrayList<>();
    try {
      Map<String, Tensor> made = new LinkedHashMap<>();
      for (int block = 0; block < model.blocks(); block++) {
        Safetensors file = Safetensors.open(folder.block(block));
        files.add(file);
        file.tensors().forEach(tensor -> made.put(tensor.name(), tensor));
      }
      try (CheckpointWriter writer = copy.start(out)) {
        for (Weight weight : copy.weights()) {
          if (chosen.containsKey(weight.name()) || made.containsKey(weight.name())) {
            for (TensorInfo info : copy.parts(weight)) {
              writer.write(Objects.requireNonNull(made.get(info.name())).segment());
            }
          } else {
            copy.pass(weight, writer);
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
