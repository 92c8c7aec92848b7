package io.sparse24.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sparse24.ColumnNorms;
import io.sparse24.Gram;
import io.sparse24.Pattern;
import io.sparse24.Pruner;
import io.sparse24.PruningMethod;
import io.sparse24.PruningMethods;
import io.sparse24.Score;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.CheckpointCopy;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.Weight;
import io.sparse24.llm.Compensation;
import io.sparse24.llm.EncoderConfig;
import io.sparse24.llm.EncoderModel;
import io.sparse24.llm.LayerPlan;
import io.sparse24.llm.ModelPruner;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prunes a checkpoint, one weight in memory at a time; by a text, one block of a decoder. */
@Command(
    name = "prune",
    mixinStandardHelpOptions = true,
    description = "Prunes a checkpoint to 2:4 or another n:m pattern.")
final class PruneCommand implements Callable<Integer> {
  private static final int LONGEST_BY_DEFAULT = 2048;

  @Mixin InOut paths = new InOut();

  @Option(
      names = "--method",
      paramLabel = "M",
      defaultValue = "magnitude",
      description =
          "magnitude, random; wanda and ria, and sparsegpt and admm, which change what stays, need"
              + " --calibration-text or --calibration; gblm and pruner-zero need"
              + " --calibration-text; moe-pruner needs --calibration. Default: ${DEFAULT-VALUE}")
  PruningMethod method = PruningMethods.named("magnitude");

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "Safetensors: for each weight a tensor of its name, [tokens, k] of inputs or, for wanda"
              + " and ria, [k] of their column L2 norms; for moe-pruner also NAME.router, [tokens]"
              + " of the router's weights for that expert.")
  @Nullable Path calibration;

  @Option(
      names = "--calibration-text",
      paramLabel = "PATH",
      description =
          "A text in UTF-8. IN is a decoder of the Llama family or an encoder of the BERT family:"
              + " its linear layers are pruned block by block, by what crops of the text, for an"
              + " encoder its lines, make them multiply. A run that was killed goes on when it is"
              + " asked for once more.")
  @Nullable Path text;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "128",
      description = "With --calibration-text: crops or lines. Default: ${DEFAULT-VALUE}")
  int samples;

  @Option(
      names = "--seq",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "With --calibration-text: most tokens of one. Default: the model's longest, at most 2048")
  int seq;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "With --calibration-text: draws them. Default: ${DEFAULT-VALUE}")
  long seed;

  @Option(
      names = "--pattern",
      paramLabel = "N:M",
      defaultValue = "2:4",
      description =
          "How many of each group of columns stay, or a percentage that goes wherever it is, such"
              + " as 50%%. Default: ${DEFAULT-VALUE}")
  Pattern pattern = Pattern.P2_4;

  @Option(
      names = "--compensate",
      paramLabel = "C",
      description =
          "With --calibration-text: put a low-rank term beside each pruned weight, svd for the"
              + " smallest error of the weight, eora for that of its outputs. Stored as adapters.")
  Compensation.@Nullable Kind compensate;

  @Option(
      names = "--rank",
      paramLabel = "R",
      description = "Rank of that term. Default: " + PrunePlans.DEFAULT_RANK)
  @Nullable Integer rank;

  @Option(
      names = "--reorder",
      description =
          "With --calibration-text, a score and n:m: reorder the channels inside each MLP first, so"
              + " that those that matter do not share groups. The model computes the same.")
  boolean reorder;

  @Option(
      names = "--recipe",
      paramLabel = "FILE",
      description =
          "YAML with rules for single layers: under 'layers' a list of 'match' (a regular"
              + " expression found in the weight's name) and 'skip: true' or 'method', 'pattern',"
              + " 'format', 'compensate', 'rank', 'reorder'. The first that matches holds.")
  @Nullable Path recipe;

  @Option(
      names = "--format",
      paramLabel = "F",
      description =
          "dense, sparse-24-bitmask or torch. Default: sparse-24-bitmask for 2:4, else dense")
  @Nullable SparseFormat format;

  @Option(
      names = "--allow-non-finite",
      description =
          "Lets NaN and infinities in weights and inputs through instead of failing at the first;"
              + " a NaN is the first to be dropped.")
  boolean allowNonFinite;

  @Mixin Selection selection = new Selection();

  @Mixin BackendOption backend = new BackendOption();

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  /**
   * A weight.
   *
   * @param plan method, pattern, format, and what is put beside it
   * @param relativeError ‖X Wᵀ − X Ŵᵀ‖ / ‖X Wᵀ‖ over a crop of the text, if there is one
   * @param keptEnergy ‖Ŵ‖² / ‖W‖², if there is a text
   */
  record Pruned(
      String name,
      String plan,
      String dtype,
      List<Long> shape,
      long bytes,
      long storedBytes,
      double ms,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double relativeError,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double keptEnergy) {}

  /**
   * What a text was used for.
   *
   * @param forwardSeconds in passes of the crops through blocks
   * @param pruneSeconds in pruning
   * @param workingBytes bound on the memory a block took
   * @param resumedAt blocks that a killed run had done
   */
  record ByText(
      String text,
      int samples,
      int seq,
      long seed,
      double forwardSeconds,
      double pruneSeconds,
      long workingBytes,
      int resumedAt) {}

  record Result(
      String in,
      String out,
      String method,
      String pattern,
      String format,
      String backend,
      List<Pruned> pruned,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable ByText byText,
      int untouched,
      long bytesIn,
      long bytesOut,
      double seconds) {}

  @Override
  public Integer call() throws IOException {
    requireFormat();
    if (calibration != null && text != null) {
      throw wrongUsage("--calibration and --calibration-text: are both given, name one");
    }
    if (samples < 1) {
      throw wrongUsage("--samples: is " + samples + ", must be at least 1");
    }
    if (seq < 0 || seq == 1) {
      throw wrongUsage("--seq: is " + seq + ", must be at least 2");
    }
    Integer ranks = rank;
    if (ranks != null && ranks < 1) {
      throw wrongUsage("--rank: is " + ranks + ", must be at least 1");
    }
    if (compensate != null && text == null) {
      throw wrongUsage("--compensate needs --calibration-text PATH, for a decoder");
    }
    if (reorder && (text == null || pattern.unstructured() || !(method instanceof Score))) {
      throw wrongUsage("--reorder needs --calibration-text PATH, a score and an n:m pattern");
    }
    PrunePlans plans =
        new PrunePlans(
            new PrunePlans.Choice(method, pattern, format, compensate, rank, reorder),
            recipe == null ? List.of() : PruneRecipe.read(recipe));
    requireInputs(method);
    for (PrunePlans.Rule rule : plans.rules()) {
      PruningMethod own = rule.choice().method();
      if (own != null) {
        requireInputs(own);
      }
      if (rule.choice().compensate() != null && text == null) {
        throw wrongUsage("'compensate' in the recipe needs --calibration-text PATH, for a decoder");
      }
    }
    if (calibration != null && plans.rules().isEmpty() && !usesCalibration(method)) {
      spec.commandLine()
          .getErr()
          .println("s24 prune: " + method.name() + " needs no --calibration, it is not read");
    }
    Result result;
    try (Checkpoint checkpoint = Checkpoint.open(paths.in)) {
      Target.checkNew(paths.out);
      try (Session session = backend.open()) {
        session.allowNonFinite(allowNonFinite);
        Path by = text;
        result =
            by == null
                ? prune(checkpoint, session, plans)
                : pruneByText(checkpoint, session, plans, by);
      }
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, result);
    } else {
      printLayers(printer, result);
      printer.printf(
          Locale.ROOT,
          "%s pruned to %s by %s on backend %s, %s untouched: %,d -> %,d bytes"
              + " (%.1f %%) in %.1f s%n%s%n",
          Count.of(result.pruned().size(), "weight"),
          pattern,
          method.name(),
          result.backend(),
          Count.of(result.untouched(), "tensor"),
          result.bytesIn(),
          result.bytesOut(),
          100.0 * result.bytesOut() / Math.max(result.bytesIn(), 1),
          result.seconds(),
          paths.out);
      printer.flush();
    }
    return 0;
  }

  private ParameterException wrongUsage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }

  private static boolean usesCalibration(PruningMethod of) {
    return of.needsNorms() || of.needsGram();
  }

  private void requireInputs(PruningMethod of) {
    if (of.needsGradient() && text == null) {
      throw wrongUsage(
          "--method "
              + of.name()
              + " needs --calibration-text PATH, for gradients of a decoder of the Llama family");
    }
    if (of.needsRouter() && calibration == null) {
      throw wrongUsage(
          "--method "
              + of.name()
              + " needs --calibration FILE with a router's weights; decoders of the Llama family"
              + " have no router");
    }
    if (usesCalibration(of) && calibration == null && text == null) {
      throw wrongUsage(
          "--method "
              + of.name()
              + " needs --calibration-text PATH, for a decoder of the Llama family, or"
              + " --calibration FILE");
    }
  }

  private static void printLayers(PrintWriter out, Result result) {
    ByText by = result.byText();
    if (by == null) {
      return;
    }
    for (Pruned pruned : result.pruned()) {
      out.printf(
          Locale.ROOT,
          "%-48s off by %5.1f %%, keeps %5.1f %% of its energy, %,.0f ms%n",
          pruned.name(),
          100 * orNothing(pruned.relativeError()),
          100 * orNothing(pruned.keptEnergy()),
          pruned.ms());
    }
    out.printf(
        Locale.ROOT,
        "%s of %,d tokens: forward passes %.1f s (%.0f %%), pruning %.1f s; at most %,d bytes for a"
            + " block%s%n",
        Count.of(by.samples(), "sample"),
        by.seq(),
        by.forwardSeconds(),
        100 * by.forwardSeconds() / Math.max(by.forwardSeconds() + by.pruneSeconds(), 1e-9),
        by.pruneSeconds(),
        by.workingBytes(),
        by.resumedAt() == 0
            ? ""
            : "; an earlier run had done " + Count.of(by.resumedAt(), "block"));
  }

  private static double orNothing(@Nullable Double value) {
    return value == null ? 0 : value;
  }

  private void requireFormat() {
    if (format != null && !pattern.equals(Pattern.P2_4) && format != SparseFormat.DENSE) {
      throw wrongUsage(
          "--format " + format.id() + " holds 2:4 only, not " + pattern + "; use --format dense");
    }
  }

  /** Of all weights that are pruned: one file can't be described as being of two formats. */
  private void requireOneFormat(Collection<LayerPlan> plans) {
    List<String> formats =
        plans.stream()
            .map(LayerPlan::format)
            .filter(each -> each != SparseFormat.DENSE)
            .map(SparseFormat::id)
            .distinct()
            .toList();
    if (formats.size() > 1) {
      throw new IllegalArgumentException(
          "recipe: stores weights as " + String.join(" and as ", formats) + ", must be one format");
    }
  }

  private Result prune(Checkpoint checkpoint, Session session, PrunePlans plans)
      throws IOException {
    long start = System.nanoTime();
    CheckpointCopy copy = new CheckpointCopy(checkpoint);
    Map<Weight, LayerPlan> chosen = new LinkedHashMap<>();
    for (Weight weight : copy.weights()) {
      if (selection.takes(weight) && !plans.skips(weight.name())) {
        LayerPlan plan = plans.of(weight.name());
        requirePrunable(weight, plan);
        chosen.put(weight, plan);
        copy.store(weight, plan.format());
      }
    }
    if (chosen.isEmpty()) {
      throw nothingToPrune();
    }
    requireOneFormat(chosen.values());
    boolean routed = chosen.values().stream().anyMatch(plan -> plan.method().needsRouter());
    boolean read = chosen.values().stream().anyMatch(plan -> usesCalibration(plan.method()));
    List<Pruned> pruned = new ArrayList<>();
    try (Calibration inputs =
        calibration != null && read ? new Calibration(calibration, routed) : null) {
      if (inputs != null) {
        chosen.forEach((weight, plan) -> {
          if (usesCalibration(plan.method())) {
            inputs.check(weight);
          }
          if (plan.method().needsGram()) {
            inputs.checkInputs(weight);
          }
        });
      }
      try (CheckpointWriter writer = copy.start(paths.out);
          Progress progress =
              new Progress(spec.commandLine().getErr(), "prune", Math.max(copy.bytesIn(), 1))) {
        for (Weight weight : copy.weights()) {
          LayerPlan plan = chosen.get(weight);
          if (plan != null) {
            pruned.add(pruneOne(session, inputs, weight, plan, writer));
          } else {
            copy.pass(weight, writer);
          }
          progress.step(weight.storedBytes(), weight.name());
        }
        copy.finish(writer);
      }
    }
    return new Result(
        paths.in.toString(),
        paths.out.toString(),
        method.name(),
        pattern.toString(),
        storedAs(),
        session.info().backend(),
        pruned,
        null,
        copy.weights().size() - pruned.size(),
        copy.bytesIn(),
        copy.bytesOut(),
        (System.nanoTime() - start) / 1e9);
  }

  /** By the options. */
  private String storedAs() {
    SparseFormat own = format;
    if (own == null) {
      own = pattern.equals(Pattern.P2_4) ? SparseFormat.BITMASK : SparseFormat.DENSE;
    }
    return own.id();
  }

  private Result pruneByText(Checkpoint checkpoint, Session session, PrunePlans plans, Path by)
      throws IOException {
    long start = System.nanoTime();
    Set<String> linears = Set.copyOf(ModelPruner.linearWeights(checkpoint));
    Map<String, LayerPlan> chosen = new LinkedHashMap<>();
    List<Weight> weights = checkpoint.weights();
    for (Weight weight : weights) {
      String name = weight.name();
      if (selection.takes(weight)
          && !plans.skips(name)
          && (selection.isExplicit() || linears.contains(name))) {
        LayerPlan plan = plans.of(name);
        requirePrunable(weight, plan);
        chosen.put(name, plan);
      }
    }
    if (chosen.isEmpty()) {
      throw nothingToPrune();
    }
    requireOneFormat(chosen.values());
    List<int[]> drawn = draw(by);
    ModelPruner.Result done;
    long passes = 2L * drawn.size() * ModelPruner.blocks(checkpoint);
    try (Progress bar = new Progress(spec.commandLine().getErr(), "prune", passes)) {
      AtomicLong before = new AtomicLong();
      done =
          ModelPruner.prune(
              session,
              checkpoint,
              paths.out,
              chosen,
              drawn,
              (now, of, what) -> bar.step(now - before.getAndSet(now), what));
    } catch (Sparse24Exception.BadData e) {
      throw new IllegalArgumentException(
          paths.in + ": " + e.getMessage() + "; mend it, or let it through with --allow-non-finite",
          e);
    }
    return new Result(
        paths.in.toString(),
        paths.out.toString(),
        method.name(),
        pattern.toString(),
        storedAs(),
        session.info().backend(),
        done.layers().stream()
            .map(layer ->
                new Pruned(
                    layer.name(),
                    layer.plan(),
                    layer.dtype(),
                    layer.shape(),
                    layer.bytes(),
                    layer.storedBytes(),
                    layer.ms(),
                    layer.relativeError(),
                    layer.keptEnergy()))
            .toList(),
        new ByText(
            by.toString(),
            drawn.size(),
            drawn.stream().mapToInt(sample -> sample.length).max().orElse(0),
            seed,
            done.forwardSeconds(),
            done.pruneSeconds(),
            done.workingBytes(),
            done.resumedAt()),
        weights.size() - chosen.size(),
        done.bytesIn(),
        done.bytesOut(),
        (System.nanoTime() - start) / 1e9);
  }

  /** Crops of the text for a decoder, lines of it for an encoder. */
  private List<int[]> draw(Path by) throws IOException {
    boolean encoder = EncoderConfig.describes(paths.in);
    int longest = ModelPruner.maxPositions(paths.in);
    int length = seq == 0 ? Math.min(LONGEST_BY_DEFAULT, longest) : seq;
    if (length > longest) {
      throw wrongUsage("--seq: is " + length + ", the model knows " + longest + " positions");
    }
    String content = TextFile.read(by);
    try (Tokenizer tokenizer = Tokenizer.open(paths.in)) {
      if (encoder) {
        List<String> lines = new ArrayList<>(content.lines().filter(s -> !s.isBlank()).toList());
        if (lines.isEmpty()) {
          throw new IOException(by + ": has no lines, each is to be a sentence");
        }
        Collections.shuffle(lines, new Random(seed));
        return EncoderModel.tokens(
            tokenizer, lines.subList(0, Math.min(samples, lines.size())), length);
      }
      int[] tokens = tokenizer.encode(content);
      if (tokens.length < length) {
        throw new IOException(
            by
                + ": has "
                + tokens.length
                + " tokens, a crop needs "
                + length
                + "; name more text or a smaller --seq");
      }
      return ModelPruner.crops(tokens, samples, length, seed);
    }
  }

  private IllegalArgumentException nothingToPrune() {
    return new IllegalArgumentException(
        paths.in
            + ": has no weight to prune (matrices of F32, BF16 or F16"
            + (selection.isExplicit() ? " that --include matches)" : "; see --include)"));
  }

  /** All weights are checked before the first is pruned. */
  private void requirePrunable(Weight weight, LayerPlan plan) throws IOException {
    if (weight.isCompressed()) {
      throw wrong(
          weight,
          "is stored as "
              + weight.format().id()
              + " already; run 's24 decompress' first, or "
              + Selection.excluding(weight));
    }
    long n = weight.info().shape().get(0);
    long k = weight.info().shape().get(1);
    Pattern to = plan.pattern();
    if (!to.fits(k)) {
      throw wrong(
          weight,
          "is "
              + weight.info().shapeText()
              + ", k = "
              + k
              + " is not a multiple of "
              + to.of()
              + ", which "
              + to
              + " needs; "
              + Selection.excluding(weight));
    }
    try {
      plan.format().parts(weight.name(), weight.dtype(), n, k);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          paths.in
              + ": "
              + e.getMessage()
              + "; use --format "
              + SparseFormat.BITMASK.id()
              + ", or "
              + Selection.excluding(weight),
          e);
    }
  }

  private IllegalArgumentException wrong(Weight weight, String problem) {
    return new IllegalArgumentException(paths.in + ": weight '" + weight.name() + "' " + problem);
  }

  private Pruned pruneOne(
      Session session,
      @Nullable Calibration inputs,
      Weight weight,
      LayerPlan plan,
      CheckpointWriter writer)
      throws IOException {
    long start = System.nanoTime();
    long bytes = 0;
    PruningMethod by = plan.method();
    try (Arena arena = Arena.ofShared();
        ColumnNorms norms =
            inputs != null && by.needsNorms() ? inputs.norms(session, weight) : null;
        Gram gram = inputs != null && by.needsGram() ? inputs.gram(session, weight) : null) {
      Pruner pruner = Pruner.of(by, new Pruner.Inputs(norms, null, gram));
      Matrix w = weight.parts().get(0).matrix(arena);
      List<MemorySegment> parts;
      if (plan.pattern().equals(Pattern.P2_4)) {
        Compressed24 compressed = Compressed24.allocate(arena, w.rows(), w.cols(), w.dtype());
        pruner.prune(session, w, compressed);
        parts = plan.format().encode(session, compressed, arena);
      } else {
        Matrix dense = Matrix.allocate(arena, w.rows(), w.cols(), w.dtype());
        pruner.pruneDense(session, w, plan.pattern(), dense);
        parts = List.of(dense.segment());
      }
      for (MemorySegment part : parts) {
        writer.write(part);
        bytes += part.byteSize();
      }
    } catch (Sparse24Exception.BadData e) {
      throw new IllegalArgumentException(
          paths.in
              + ": weight '"
              + weight.name()
              + "': "
              + e.getMessage()
              + "; mend it, let it through with --allow-non-finite, or "
              + Selection.excluding(weight),
          e);
    }
    return new Pruned(
        weight.name(),
        plan.toString(),
        weight.info().type().name(),
        weight.info().shape(),
        weight.storedBytes(),
        bytes,
        (System.nanoTime() - start) / 1e6,
        null,
        null);
  }
}
