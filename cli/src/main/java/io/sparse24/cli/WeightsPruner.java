package io.sparse24.cli;

import io.sparse24.ColumnNorms;
import io.sparse24.Gram;
import io.sparse24.Pattern;
import io.sparse24.Pruner;
import io.sparse24.PruningMethod;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.cli.PruneReport.Done;
import io.sparse24.cli.PruneReport.Pruned;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.CheckpointCopy;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.Weight;
import io.sparse24.llm.LayerPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Prunes any checkpoint weight by weight, one in memory at a time; by a file of inputs or none. */
final class WeightsPruner {
  private final Path in;
  private final Path out;
  private final @Nullable Path calibration;
  private final PrintWriter err;

  WeightsPruner(InOut paths, @Nullable Path calibration, PrintWriter err) {
    this.in = paths.in;
    this.out = paths.out;
    this.calibration = calibration;
    this.err = err;
  }

  static boolean usesCalibration(PruningMethod of) {
    return of.needsNorms() || of.needsGram();
  }

  Done prune(Checkpoint checkpoint, Session session, PruneTargets targets) throws IOException {
    CheckpointCopy copy = new CheckpointCopy(checkpoint);
    Map<Weight, LayerPlan> chosen = targets.of(copy.weights(), weight -> true);
    chosen.forEach((weight, plan) -> copy.store(weight, plan.format()));
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
      try (CheckpointWriter writer = copy.start(out);
          Progress progress = new Progress(err, "prune", Math.max(copy.bytesIn(), 1))) {
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
    return new Done(
        pruned, null, copy.weights().size() - pruned.size(), copy.bytesIn(), copy.bytesOut());
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
          in
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
