package io.sparse24.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sparse24.ColumnNorms;
import io.sparse24.Pattern;
import io.sparse24.Pruner;
import io.sparse24.Score;
import io.sparse24.Scores;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.CheckpointCopy;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.Weight;
import io.sparse24.llm.DecoderConfig;
import io.sparse24.llm.LanguageModel;
import io.sparse24.llm.ModelPruner;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
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
          "magnitude, random; wanda and ria, which need --calibration-text or --calibration; gblm"
              + " and pruner-zero, which need --calibration-text; moe-pruner, which needs"
              + " --calibration. Default: ${DEFAULT-VALUE}")
  Score score = Scores.named("magnitude");

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "Safetensors: for each weight a tensor of its name, [tokens, k] of inputs or [k] of their"
              + " column L2 norms; for moe-pruner also NAME.router, [tokens] of the router's"
              + " weights for that expert.")
  @Nullable Path calibration;

  @Option(
      names = "--calibration-text",
      paramLabel = "PATH",
      description =
          "A text in UTF-8. IN is a decoder of the Llama family: its linear layers are pruned block"
              + " by block, by what crops of the text make them multiply. A run that was killed"
              + " goes on when it is asked for once more.")
  @Nullable Path text;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "128",
      description = "With --calibration-text: crops. Default: ${DEFAULT-VALUE}")
  int samples;

  @Option(
      names = "--seq",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "With --calibration-text: tokens of a crop. Default: the model's longest, at most 2048")
  int seq;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "With --calibration-text: draws the crops. Default: ${DEFAULT-VALUE}")
  long seed;

  @Option(
      names = "--pattern",
      paramLabel = "N:M",
      defaultValue = "2:4",
      description = "How many of each group of columns stay. Default: ${DEFAULT-VALUE}")
  Pattern pattern = Pattern.P2_4;

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
   * @param relativeError ‖X Wᵀ − X Ŵᵀ‖ / ‖X Wᵀ‖ over a crop of the text, if there is one
   * @param keptEnergy ‖Ŵ‖² / ‖W‖², if there is a text
   */
  record Pruned(
      String name,
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
    SparseFormat stored = format();
    if (calibration != null && text != null) {
      throw new ParameterException(
          spec.commandLine(), "--calibration and --calibration-text: are both given, name one");
    }
    if (score.needsGradient() && text == null) {
      throw new ParameterException(
          spec.commandLine(),
          "--method "
              + score.name()
              + " needs --calibration-text PATH, for gradients of a decoder of the Llama family");
    }
    if (score.needsRouter() && calibration == null) {
      throw new ParameterException(
          spec.commandLine(),
          "--method "
              + score.name()
              + " needs --calibration FILE with a router's weights; decoders of the Llama family"
              + " have no router");
    }
    if (score.needsNorms() && calibration == null && text == null) {
      throw new ParameterException(
          spec.commandLine(),
          "--method "
              + score.name()
              + " needs --calibration-text PATH, for a decoder of the Llama family, or"
              + " --calibration FILE");
    }
    if (samples < 1) {
      throw new ParameterException(
          spec.commandLine(), "--samples: is " + samples + ", must be at least 1");
    }
    if (seq < 0 || seq == 1) {
      throw new ParameterException(spec.commandLine(), "--seq: is " + seq + ", must be at least 2");
    }
    if (!score.needsNorms() && calibration != null) {
      spec.commandLine()
          .getErr()
          .println("s24 prune: " + score.name() + " needs no --calibration, it is not read");
    }
    Result result;
    try (Checkpoint checkpoint = Checkpoint.open(paths.in)) {
      Target.checkNew(paths.out);
      try (Session session = backend.open()) {
        session.allowNonFinite(allowNonFinite);
        Path by = text;
        result =
            by == null
                ? prune(checkpoint, session, stored)
                : pruneByText(checkpoint, session, stored, by);
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
          score.name(),
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
        Count.of(by.samples(), "crop"),
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

  private SparseFormat format() {
    boolean is24 = pattern.equals(Pattern.P2_4);
    if (format == null) {
      return is24 ? SparseFormat.BITMASK : SparseFormat.DENSE;
    }
    if (!is24 && format != SparseFormat.DENSE) {
      throw new ParameterException(
          spec.commandLine(),
          "--format " + format.id() + " holds 2:4 only, not " + pattern + "; use --format dense");
    }
    return format;
  }

  private Result prune(Checkpoint checkpoint, Session session, SparseFormat stored)
      throws IOException {
    long start = System.nanoTime();
    CheckpointCopy copy = new CheckpointCopy(checkpoint);
    Set<Weight> chosen = new LinkedHashSet<>();
    for (Weight weight : copy.weights()) {
      if (selection.takes(weight)) {
        requirePrunable(weight, stored);
        chosen.add(weight);
        copy.store(weight, stored);
      }
    }
    if (chosen.isEmpty()) {
      throw nothingToPrune();
    }
    List<Pruned> pruned = new ArrayList<>();
    try (Calibration inputs =
        calibration != null && score.needsNorms()
            ? new Calibration(calibration, score.needsRouter())
            : null) {
      if (inputs != null) {
        chosen.forEach(inputs::check);
      }
      try (CheckpointWriter writer = copy.start(paths.out);
          Progress progress =
              new Progress(spec.commandLine().getErr(), "prune", Math.max(copy.bytesIn(), 1))) {
        for (Weight weight : copy.weights()) {
          if (chosen.contains(weight)) {
            pruned.add(pruneOne(session, inputs, weight, stored, writer));
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
        score.name(),
        pattern.toString(),
        stored.id(),
        session.info().backend(),
        pruned,
        null,
        copy.weights().size() - pruned.size(),
        copy.bytesIn(),
        copy.bytesOut(),
        (System.nanoTime() - start) / 1e9);
  }

  private Result pruneByText(Checkpoint checkpoint, Session session, SparseFormat stored, Path by)
      throws IOException {
    long start = System.nanoTime();
    DecoderConfig config = LanguageModel.config(paths.in);
    int length = seq == 0 ? Math.min(LONGEST_BY_DEFAULT, config.maxPositions()) : seq;
    Set<String> linears = Set.copyOf(ModelPruner.linearWeights(config));
    List<String> names = new ArrayList<>();
    List<Weight> weights = checkpoint.weights();
    for (Weight weight : weights) {
      if (selection.takes(weight) && (selection.isExplicit() || linears.contains(weight.name()))) {
        requirePrunable(weight, stored);
        names.add(weight.name());
      }
    }
    if (names.isEmpty()) {
      throw nothingToPrune();
    }
    int[] tokens;
    try (Tokenizer tokenizer = Tokenizer.open(paths.in)) {
      tokens = tokenizer.encode(TextFile.read(by));
    }
    if (tokens.length < length) {
      throw new IOException(
          by
              + ": has "
              + tokens.length
              + " tokens, a crop needs "
              + length
              + "; name more text or a smaller --seq");
    }
    ModelPruner.Result done;
    long passes = 2L * samples * config.layers();
    try (Progress bar = new Progress(spec.commandLine().getErr(), "prune", passes)) {
      AtomicLong before = new AtomicLong();
      done =
          ModelPruner.prune(
              session,
              checkpoint,
              paths.out,
              names,
              tokens,
              new ModelPruner.Options(score, pattern, stored, samples, length, seed),
              (now, of, what) -> bar.step(now - before.getAndSet(now), what));
    } catch (Sparse24Exception.BadData e) {
      throw new IllegalArgumentException(
          paths.in + ": " + e.getMessage() + "; mend it, or let it through with --allow-non-finite",
          e);
    }
    return new Result(
        paths.in.toString(),
        paths.out.toString(),
        score.name(),
        pattern.toString(),
        stored.id(),
        session.info().backend(),
        done.layers().stream()
            .map(layer ->
                new Pruned(
                    layer.name(),
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
            samples,
            length,
            seed,
            done.forwardSeconds(),
            done.pruneSeconds(),
            done.workingBytes(),
            done.resumedAt()),
        weights.size() - names.size(),
        done.bytesIn(),
        done.bytesOut(),
        (System.nanoTime() - start) / 1e9);
  }

  private IllegalArgumentException nothingToPrune() {
    return new IllegalArgumentException(
        paths.in
            + ": has no weight to prune (matrices of F32, BF16 or F16"
            + (selection.isExplicit() ? " that --include matches)" : "; see --include)"));
  }

  /** All weights are checked before the first is pruned. */
  private void requirePrunable(Weight weight, SparseFormat stored) throws IOException {
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
    if (k % pattern.of() != 0) {
      throw wrong(
          weight,
          "is "
              + weight.info().shapeText()
              + ", k = "
              + k
              + " is not a multiple of "
              + pattern.of()
              + ", which "
              + pattern
              + " needs; "
              + Selection.excluding(weight));
    }
    try {
      stored.parts(weight.name(), weight.dtype(), n, k);
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
      SparseFormat stored,
      CheckpointWriter writer)
      throws IOException {
    long start = System.nanoTime();
    long bytes = 0;
    try (Arena arena = Arena.ofShared();
        ColumnNorms norms = inputs == null ? null : inputs.norms(session, weight)) {
      Pruner pruner = Pruner.of(score, norms);
      Matrix w = weight.parts().get(0).matrix(arena);
      List<MemorySegment> parts;
      if (pattern.equals(Pattern.P2_4)) {
        Compressed24 compressed = Compressed24.allocate(arena, w.rows(), w.cols(), w.dtype());
        pruner.prune(session, w, compressed);
        parts = stored.encode(session, compressed, arena);
      } else {
        Matrix dense = Matrix.allocate(arena, w.rows(), w.cols(), w.dtype());
        pruner.pruneDense(session, w, pattern, dense);
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
        weight.info().type().name(),
        weight.info().shape(),
        weight.storedBytes(),
        bytes,
        (System.nanoTime() - start) / 1e6,
        null,
        null);
  }
}
