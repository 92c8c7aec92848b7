package io.sparse24.cli;

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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prunes a checkpoint, one weight in memory at a time. */
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
      description = "magnitude or wanda (which needs --calibration). Default: ${DEFAULT-VALUE}")
  Score score = Scores.named("magnitude");

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "Safetensors: for each weight a tensor of its name, [tokens, k] of inputs or [k] of their"
              + " column L2 norms.")
  @Nullable Path calibration;

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

  record Pruned(
      String name, String dtype, List<Long> shape, long bytes, long storedBytes, double ms) {}

  record Result(
      String in,
      String out,
      String method,
      String pattern,
      String format,
      String backend,
      List<Pruned> pruned,
      int untouched,
      long bytesIn,
      long bytesOut,
      double seconds) {}

  @Override
  public Integer call() throws IOException {
    SparseFormat stored = format();
    if (score.needsNorms() && calibration == null) {
      throw new ParameterException(
          spec.commandLine(), "--method " + score.name() + " needs --calibration FILE");
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
        result = prune(checkpoint, session, stored);
      }
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, result);
    } else {
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
      throw new IllegalArgumentException(
          paths.in
              + ": has no weight to prune (matrices of F32, BF16 or F16"
              + (selection.isExplicit() ? " that --include matches)" : "; see --include)"));
    }
    List<Pruned> pruned = new ArrayList<>();
    try (Calibration inputs =
        calibration != null && score.needsNorms() ? new Calibration(calibration) : null) {
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
        copy.weights().size() - pruned.size(),
        copy.bytesIn(),
        copy.bytesOut(),
        (System.nanoTime() - start) / 1e9);
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
        (System.nanoTime() - start) / 1e6);
  }
}
