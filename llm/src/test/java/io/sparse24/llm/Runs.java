package io.sparse24.llm;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.SparseFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Small runs of training and pruning. */
final class Runs {
  private Runs() {}

  /** What all tests run on. */
  static Stream<String> backends() {
    return Stream.of("reference", "cpu")
        .filter(name -> !(name.equals("cpu") && Boolean.getBoolean("s24.native.skip")));
  }

  /** A text in which each letter says which is next. */
  static Path alphabet(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("alphabet.txt"), "abcdefghijklmnopqrstuvwxyz".repeat(40));
  }

  static TrainOptions options(Path text, Method method, int steps, int adapters) {
    return new TrainOptions(
        text.toString(),
        "micro",
        DType.F32,
        method,
        "2:4",
        "random",
        3,
        true,
        Recipe.FIRST,
        steps,
        4,
        2,
        12,
        1e-2f,
        2,
        0.1f,
        adapters,
        0.3,
        7);
  }

  /** Without double pruning. */
  static TrainOptions exact(TrainOptions as) {
    return as.with(as.method(), false, as.adapters());
  }

  /** From the start if nothing is there, else from where it stopped. */
  static Trainer.Result run(
      String backend, int threads, TrainOptions options, Path out, BooleanSupplier stop)
      throws IOException {
    Trainer.Cadence cadence = new Trainer.Cadence(4, 3);
    Corpus corpus = Corpus.read(Path.of(options.data()));
    try (Session session = Backends.open(backend, SessionOptions.threads(threads))) {
      return Files.exists(out)
          ? Trainer.resume(
              session, options, corpus, out, SparseFormat.BITMASK, cadence, line -> {}, stop)
          : Trainer.start(
              session, options, corpus, out, SparseFormat.BITMASK, cadence, line -> {}, stop);
    }
  }

  /** A log without what depends on the clock. */
  static List<TrainRecord> timeless(Path out) throws IOException {
    return Trainer.log(out).stream()
        .map(line ->
            new TrainRecord(
                line.step(),
                line.loss(),
                line.lr(),
                line.gradientNorm(),
                line.validationLoss(),
                line.tokens(),
                0,
                new StepTimes(0, 0, 0, 0, 0)))
        .toList();
  }

  /** All linear layers of a model alike. */
  static ModelPruner.Result prune(
      String backend,
      Path in,
      Path out,
      List<int[]> samples,
      LayerPlan plan,
      ModelPruner.Progress progress)
      throws IOException {
    try (Session session = Backends.open(backend);
        Checkpoint checkpoint = Checkpoint.open(in)) {
      Map<String, LayerPlan> plans = new LinkedHashMap<>();
      ModelPruner.linearWeights(checkpoint).forEach(name -> plans.put(name, plan));
      return ModelPruner.prune(session, checkpoint, out, plans, samples, progress);
    }
  }
}
