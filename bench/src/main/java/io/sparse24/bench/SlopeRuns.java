package io.sparse24.bench;

import io.sparse24.api.Session;
import io.sparse24.format.SparseFormat;
import io.sparse24.llm.Corpus;
import io.sparse24.llm.Method;
import io.sparse24.llm.StepTimes;
import io.sparse24.llm.TrainOptions;
import io.sparse24.llm.TrainRecord;
import io.sparse24.llm.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** The same decoder trained by each method, on the same batches. */
final class SlopeRuns {
  /** In the order they run. */
  static final List<String> METHODS =
      List.of(
          SlopeReport.DENSE,
          SlopeReport.SLOPE,
          SlopeReport.ADAPTERS,
          SlopeReport.SR_STE,
          SlopeReport.EXACT);

  private SlopeRuns() {}

  static void train(
      Session session, Corpus corpus, TrainOptions dense, int rank, Consumer<SlopeReport.Run> done)
      throws IOException {
    for (String method : METHODS) {
      Path folder = Files.createTempDirectory("sparse24-slope-");
      try {
        done.accept(run(session, corpus, options(dense, method, rank), method, folder));
      } finally {
        delete(folder);
      }
    }
  }

  private static TrainOptions options(TrainOptions dense, String method, int rank) {
    return switch (method) {
      case SlopeReport.DENSE -> dense;
      case SlopeReport.SLOPE -> dense.with(Method.SLOPE, true, 0);
      case SlopeReport.ADAPTERS -> dense.with(Method.SLOPE, true, rank);
      case SlopeReport.SR_STE -> dense.with(Method.SR_STE, true, 0);
      case SlopeReport.EXACT -> dense.with(Method.SLOPE, false, 0);
      default -> throw new IllegalArgumentException(method);
    };
  }

  private static SlopeReport.Run run(
      Session session, Corpus corpus, TrainOptions options, String method, Path folder)
      throws IOException {
    long start = System.nanoTime();
    Trainer.Cadence cadence =
        new Trainer.Cadence(Math.max(1, options.steps() / 10), options.steps());
    Trainer.Result result =
        Trainer.start(
            session,
            options,
            corpus,
            folder.resolve("run"),
            SparseFormat.DENSE,
            cadence,
            _ -> {},
            () -> false);
    List<Double> losses = new ArrayList<>();
    List<SlopeReport.Look> looks = new ArrayList<>();
    for (TrainRecord line : result.log()) {
      losses.add(line.loss());
      Double heldOut = line.validationLoss();
      if (heldOut != null) {
        looks.add(new SlopeReport.Look(line.step(), heldOut));
      }
    }
    return new SlopeReport.Run(
        method,
        looks.getLast().loss(),
        medians(result.log().stream().map(TrainRecord::milliseconds).toList()),
        result.memory().total(),
        (System.nanoTime() - start) / 1e9,
        losses,
        looks);
  }

  static StepTimes medians(List<StepTimes> steps) {
    return new StepTimes(
        median(steps, StepTimes::forward),
        median(steps, StepTimes::weightGradient),
        median(steps, StepTimes::inputGradient),
        median(steps, StepTimes::optimizer),
        median(steps, StepTimes::step));
  }

  private static double median(List<StepTimes> steps, ToDoubleFunction<StepTimes> part) {
    return Turns.median(steps.stream().mapToDouble(part).boxed().toList());
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
