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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prunes a checkpoint, one weight in memory at a time. */
@Command(
    name = "prune",
    mixinStandardHelpOptions = true,
    description = "Prunes a checkpoint to 2:4 or another n:m pattern.")
final class PruneCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A safetensors file or a model directory.")
  Path in = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description = "A new directory, or a new file if it ends in .safetensors.")
  Path out = Path.of("");

  @Option(
      names = "--method",
      paramLabel = "M",
      defaultValue = "magnitude",
      description = "magnitude or wanda (which needs --calibration). Default: ${DEFAULT-VALUE}")
  String method = "magnitude";

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
  String pattern = "2:4";

  @Option(
      names = "--format",
      paramLabel = "F",
      description =
          "dense, sparse-24-bitmask or torch. Default: sparse-24-bitmask for 2:4, else dense")
  @Nullable String format;

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
    Score score = usage(() -> Scores.named(method));
    Pattern wanted = usage(() -> Pattern.parse(pattern));
    boolean is24 = wanted.equals(Pattern.P2_4);
    SparseFormat stored =
        format == null
            ? (is24 ? SparseFormat.BITMASK : SparseFormat.DENSE)
            : usage(() -> SparseFormat.named(String.valueOf(format)));
    if (!is24 && stored != SparseFormat.DENSE) {
      throw new ParameterException(
          spec.commandLine(), "--format " + stored.id() + " holds 2:4 only, not " + wanted);
    }
    if (score.needsNorms() && calibration == null) {
      throw new ParameterException(
          spec.commandLine(), "--method " + method + " needs --calibration FILE");
    }
    Result result;
    try (Checkpoint checkpoint = Checkpoint.open(in);
        Session session = backend.open()) {
      result = prune(checkpoint, session, score, wanted, stored);
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
          wanted,
          method,
          result.backend(),
          Count.of(result.untouched(), "tensor"),
          result.bytesIn(),
          result.bytesOut(),
          100.0 * result.bytesOut() / Math.max(result.bytesIn(), 1),
          result.seconds(),
          out);
      printer.flush();
    }
    return 0;
  }

  private <T> T usage(Supplier<T> parse) {
    try {
      return parse.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }

  private Result prune(
      Checkpoint checkpoint, Session session, Score score, Pattern wanted, SparseFormat stored)
      throws IOException {
    long start = System.nanoTime();
    CheckpointCopy copy = new CheckpointCopy(checkpoint);
    List<Weight> chosen = new ArrayList<>();
    for (Weight weight : copy.weights()) {
      if (selection.takes(weight)) {
        check(weight, wanted);
        chosen.add(weight);
        copy.store(weight, stored);
      }
    }
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          in
              + ": has no weight to prune (matrices of F32, BF16 or F16"
              + (selection.isExplicit() ? " that --include matches)" : "; see --include)"));
    }
    List<Pruned> pruned = new ArrayList<>();
    try (Calibration inputs = calibration == null ? null : new Calibration(calibration)) {
      if (inputs != null && score.needsNorms()) {
        chosen.forEach(inputs::check);
      }
      try (CheckpointWriter writer = copy.start(out);
          Progress progress =
              new Progress(spec.commandLine().getErr(), "prune", Math.max(copy.bytesIn(), 1))) {
        for (Weight weight : copy.weights()) {
          if (chosen.contains(weight)) {
            pruned.add(pruneOne(session, score, inputs, weight, wanted, stored, writer));
          } else {
            copy.pass(weight, writer);
          }
          progress.step(weight.storedBytes(), weight.name());
        }
        copy.finish(writer);
      }
    }
    return new Result(
        in.toString(),
        out.toString(),
        method,
        wanted.toString(),
        stored.id(),
        session.info().backend(),
        pruned,
        copy.weights().size() - pruned.size(),
        copy.bytesIn(),
        copy.bytesOut(),
        (System.nanoTime() - start) / 1e9);
  }

  private void check(Weight weight, Pattern wanted) {
    if (weight.isCompressed()) {
      throw new IllegalArgumentException(
          in
              + ": weight '"
              + weight.name()
              + "' is stored as "
              + weight.format().id()
              + " already; run 's24 decompress' first, or --exclude it");
    }
    long k = weight.info().shape().get(1);
    if (k % wanted.of() != 0) {
      throw new IllegalArgumentException(
          in
              + ": weight '"
              + weight.name()
              + "' is "
              + weight.info().shapeText()
              + ", k = "
              + k
              + " is not a multiple of "
              + wanted.of()
              + ", which "
              + wanted
              + " needs; leave it out with --exclude '"
              + weight.name().replace(".", "\\.")
              + "'");
    }
  }

  private Pruned pruneOne(
      Session session,
      Score score,
      @Nullable Calibration inputs,
      Weight weight,
      Pattern wanted,
      SparseFormat stored,
      CheckpointWriter writer)
      throws IOException {
    long start = System.nanoTime();
    long bytes = 0;
    try (Arena arena = Arena.ofShared();
        ColumnNorms norms =
            inputs != null && score.needsNorms() ? inputs.norms(session, weight) : null) {
      Pruner pruner = Pruner.of(score, norms);
      Matrix w = weight.parts().get(0).matrix(arena);
      List<MemorySegment> parts;
      if (wanted.equals(Pattern.P2_4)) {
        Compressed24 compressed = Compressed24.allocate(arena, w.rows(), w.cols(), w.dtype());
        pruner.prune(session, w, compressed);
        parts = stored.encode(session, compressed, arena);
      } else {
        Matrix dense = Matrix.allocate(arena, w.rows(), w.cols(), w.dtype());
        pruner.pruneDense(session, w, wanted, dense);
        parts = List.of(dense.segment());
      }
      for (MemorySegment part : parts) {
        writer.write(part);
        bytes += part.byteSize();
      }
    } catch (Sparse24Exception.BadData e) {
      throw new IllegalArgumentException(
          in + ": weight '" + weight.name() + "': " + e.getMessage(), e);
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
