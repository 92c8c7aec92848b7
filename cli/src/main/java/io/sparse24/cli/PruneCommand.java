package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.PruningMethod;
import io.sparse24.PruningMethods;
import io.sparse24.Score;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.SparseFormat;
import io.sparse24.llm.Compensation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
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
          "With --calibration-text, a score and n:m: reorder the channels inside each MLP and head"
              + " of attention first, so that more of the scores stays. The dense model would"
              + " compute the same. Takes minutes for a weight of ten thousand inputs.")
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
    if (calibration != null && plans.rules().isEmpty() && !WeightsPruner.usesCalibration(method)) {
      spec.commandLine()
          .getErr()
          .println("s24 prune: " + method.name() + " needs no --calibration, it is not read");
    }
    PruneReport.Result result;
    try (Checkpoint checkpoint = Checkpoint.open(paths.in)) {
      Target.checkNew(paths.out);
      try (Session session = backend.open()) {
        session.allowNonFinite(allowNonFinite);
        long start = System.nanoTime();
        PruneTargets targets = new PruneTargets(paths.in, selection, plans);
        PruneReport.Done done = prune(checkpoint, session, targets);
        result =
            new PruneReport.Result(
                paths.in.toString(),
                paths.out.toString(),
                method.name(),
                pattern.toString(),
                storedAs(),
                session.info().backend(),
                done.pruned(),
                done.byText(),
                done.untouched(),
                done.bytesIn(),
                done.bytesOut(),
                (System.nanoTime() - start) / 1e9);
      }
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, result);
    } else {
      PruneReport.print(printer, result);
    }
    return 0;
  }

  private PruneReport.Done prune(Checkpoint checkpoint, Session session, PruneTargets targets)
      throws IOException {
    Path by = text;
    if (by == null) {
      return new WeightsPruner(paths, calibration, spec.commandLine().getErr())
          .prune(checkpoint, session, targets);
    }
    return new ModelByTextPruner(
            paths, new ModelByTextPruner.Samples(by, samples, seq, seed), spec.commandLine())
        .prune(checkpoint, session, targets);
  }

  private ParameterException wrongUsage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
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
    if (WeightsPruner.usesCalibration(of) && calibration == null && text == null) {
      throw wrongUsage(
          "--method "
              + of.name()
              + " needs --calibration-text PATH, for a decoder of the Llama family, or"
              + " --calibration FILE");
    }
  }

  private void requireFormat() {
    if (format != null && !pattern.equals(Pattern.P2_4) && format != SparseFormat.DENSE) {
      throw wrongUsage(
          "--format " + format.id() + " holds 2:4 only, not " + pattern + "; use --format dense");
    }
  }

  /** By the options. */
  private String storedAs() {
    SparseFormat own = format;
    if (own == null) {
      own = pattern.equals(Pattern.P2_4) ? SparseFormat.BITMASK : SparseFormat.DENSE;
    }
    return own.id();
  }
}
