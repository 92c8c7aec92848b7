package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.format.SparseFormat;
import io.sparse24.llm.Corpus;
import io.sparse24.llm.Method;
import io.sparse24.llm.Preset;
import io.sparse24.llm.TrainOptions;
import io.sparse24.llm.TrainRecord;
import io.sparse24.llm.Trainer;
import io.sparse24.train.MemoryUse;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a decoder from nothing, dense or sparse. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description =
        "Trains a small language model over the bytes of a text, dense or 2:4 from the start, and"
            + " writes it as a Hugging Face directory. Interrupted (Ctrl-C) it saves and stops;"
            + " --resume goes on, with the same result as if it had never stopped.")
final class TrainCommand implements Callable<Integer> {
  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "A text, a folder of texts, or a zip of them. Default: the JDK's own sources")
  @Nullable Path data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "A new directory: the log and its plot, checkpoints, at the end the model.")
  Path out = Path.of("");

  @Option(names = "--resume", description = "Go on with the run in DIR, as it was started.")
  boolean resume;

  @Option(
      names = "--method",
      paramLabel = "M",
      description = "dense, slope or sr-ste. Default: slope")
  @Nullable Method method;

  @Option(
      names = "--preset",
      paramLabel = "P",
      description = "micro, tiny, small or medium: the model's size, and defaults. Default: tiny")
  @Nullable Preset preset;

  @Option(names = "--steps", paramLabel = "N", description = "Steps. Default: the preset's")
  @Nullable Integer steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Sequences of a step. Default: the preset's")
  @Nullable Integer batch;

  @Option(
      names = "--micro-batches",
      paramLabel = "N",
      description = "Parts in which a step's sequences are computed, for less memory. Default: 1")
  @Nullable Integer microBatches;

  @Option(
      names = "--seq",
      paramLabel = "N",
      description = "Tokens (bytes) of a sequence. Default: the preset's")
  @Nullable Integer seq;

  @Option(
      names = "--lr",
      paramLabel = "X",
      description = "Highest learning rate. Default: the preset's")
  @Nullable Float lr;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      description = "Steps in which it rises. Default: a twentieth of all")
  @Nullable Integer warmup;

  @Option(names = "--weight-decay", paramLabel = "X", description = "Of AdamW. Default: 0.1")
  @Nullable Float weightDecay;

  @Option(
      names = "--dtype",
      paramLabel = "T",
      description = "F32 or BF16; masters and states are F32. Default: the preset's")
  @Nullable DType dtype;

  @Option(
      names = "--pattern",
      paramLabel = "N:M",
      description =
          "How many of each group of inputs stay; others than 2:4 are multiplied dense. Default:"
              + " 2:4")
  @Nullable Pattern pattern;

  @Option(
      names = "--mask",
      paramLabel = "K",
      description = "SLoPe's mask: random or magnitude (of the initial weights). Default: random")
  @Nullable String mask;

  @Option(
      names = "--column-period",
      paramLabel = "N",
      description =
          "Steps after which SLoPe's column mask is made anew, 0: never. Default: 100, as in its"
              + " authors' release")
  @Nullable Long columnPeriod;

  @Option(
      names = "--double-prune",
      negatable = true,
      description =
          "Whether SLoPe's gradient of X is of a weight pruned along both sides; without, it is"
              + " exact, by dense products from a dense transpose. Default: true")
  @Nullable Boolean doublePrune;

  @Option(
      names = "--dense",
      paramLabel = "RE",
      description =
          "Modules in whose name this has a match stay dense, beside the head and very flat ones."
              + " Default: the first linear layer after the input (q, k and v of block 0)")
  java.util.regex.@Nullable Pattern dense;

  @Option(
      names = "--adapters",
      paramLabel = "RANK",
      description = "SLoPe's adapters, of this rank. Default: 0, none")
  @Nullable Integer adapters;

  @Option(
      names = "--adapter-fraction",
      paramLabel = "X",
      description = "Share of the steps, the last, that have them. Default: 0.01")
  @Nullable Double adapterFraction;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of weights, masks and crops. Default: 0")
  @Nullable Long seed;

  @Option(
      names = "--format",
      paramLabel = "F",
      description =
          "How 2:4 weights are stored: dense or sparse-24-bitmask. Default: ${DEFAULT-VALUE}",
      defaultValue = "sparse-24-bitmask")
  SparseFormat format = SparseFormat.BITMASK;

  @Option(
      names = "--validate-every",
      paramLabel = "N",
      description = "Steps between looks at held-out text. Default: a tenth of all")
  @Nullable Integer validateEvery;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      description = "Steps between checkpoints; the last two are kept. Default: a tenth of all")
  @Nullable Integer checkpointEvery;

  @Mixin BackendOption backend = new BackendOption();

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  /** Of the linear layers, between steps. */
  record Memory(long bytes, double bytesPerParameter, MemoryUse parts) {
    Memory(MemoryUse of) {
      this(of.total(), of.perParameter(), of);
    }
  }

  record Result(
      String out,
      String backend,
      String method,
      int step,
      boolean finished,
      long parameters,
      Memory memory,
      Memory denseMemory,
      double firstLoss,
      double loss,
      @Nullable Double validationLoss,
      double seconds) {}

  @Override
  public Integer call() throws IOException {
    if (format == SparseFormat.TORCH) {
      throw new ParameterException(
          spec.commandLine(), "--format: is 'torch', must be dense or sparse-24-bitmask");
    }
    long start = System.nanoTime();
    TrainOptions options = resume ? merged(Trainer.options(out)) : fresh();
    if (!resume) {
      Target.checkNew(out);
    }
    Trainer.Cadence cadence = cadence(options.steps());
    Corpus corpus = Corpus.read(Path.of(options.data()));
    PrintWriter err = spec.commandLine().getErr();
    Trainer.Result trained;
    String name;
    try (Interruption interruption = new Interruption()) {
      try (Session session = backend.open();
          Progress progress = new Progress(err, "train", options.steps())) {
        name = session.info().backend();
        int[] at = {0};
        Trainer.Listener listener =
            line -> {
              progress.step(line.step() - at[0], describe(line));
              at[0] = line.step();
            };
        trained =
            resume
                ? Trainer.resume(
                    session, options, corpus, out, format, cadence, listener, interruption)
                : Trainer.start(
                    session, options, corpus, out, format, cadence, listener, interruption);
        plot(trained.log());
      }
      if (!trained.finished()) {
        err.println(
            "s24 train: stopped after step "
                + trained.step()
                + " of "
                + options.steps()
                + "; it goes on with: s24 train --out "
                + out
                + " --resume");
        err.flush();
      }
    }
    print(options, trained, name, (System.nanoTime() - start) / 1e9);
    return trained.finished() ? 0 : Main.FAILED;
  }

  private static String describe(TrainRecord line) {
    return String.format(
        Locale.ROOT, "loss %.3f, %.0f tokens/s", line.loss(), line.tokensPerSecond());
  }

  private void print(
      TrainOptions options, Trainer.Result trained, String backendName, double seconds) {
    List<TrainRecord> log = trained.log();
    Double validation = null;
    for (TrainRecord line : log) {
      validation = line.validationLoss() == null ? validation : line.validationLoss();
    }
    Result result =
        new Result(
            out.toString(),
            backendName,
            options.method().id(),
            trained.step(),
            trained.finished(),
            trained.parameters(),
            new Memory(trained.memory()),
            new Memory(trained.denseMemory()),
            log.getFirst().loss(),
            log.getLast().loss(),
            validation,
            seconds);
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, result);
    } else {
      printer.printf(
          Locale.ROOT,
          "%,d parameters, method %s on backend %s: loss %.3f -> %.3f%s in %d steps, %.1f s%n%s%n",
          result.parameters(),
          result.method(),
          result.backend(),
          result.firstLoss(),
          result.loss(),
          validation == null ? "" : String.format(Locale.ROOT, " (held-out %.3f)", validation),
          result.step(),
          seconds,
          result.finished()
              ? out + ": the model (try: s24 generate " + out + " --prompt \"public class \")"
              : out + ": not finished");
      printer.print("linear layers: " + trained.memory().table(trained.denseMemory()));
      printer.flush();
    }
  }

  private void plot(List<TrainRecord> log) throws IOException {
    // Asked before the class is touched, whose loading wants the drawing library: the download has
    // neither.
    if (ModuleLayer.boot().findModule("java.desktop").isPresent()) {
      TrainPlot.write(log, out.resolve("loss.svg"));
    } else {
      spec.commandLine().getErr().println("s24 train: no plot, this Java runtime can't draw");
    }
  }

  private Trainer.Cadence cadence(int all) {
    Trainer.Cadence tenths = Trainer.Cadence.tenths(all);
    try {
      return new Trainer.Cadence(
          or(validateEvery, tenths.validation()), or(checkpointEvery, tenths.checkpoint()));
    } catch (IllegalArgumentException e) {
      throw usage(e);
    }
  }

  private ParameterException usage(IllegalArgumentException e) {
    return new ParameterException(spec.commandLine(), "--" + e.getMessage());
  }

  private TrainOptions fresh() throws IOException {
    Path text = data == null ? sources() : data;
    Preset size = or(preset, Preset.TINY);
    int all = or(steps, size.steps());
    TrainOptions defaults = TrainOptions.of(text.toString(), size, or(method, Method.SLOPE));
    return merge(defaults, Math.max(1, all / 20));
  }

  /** The stored options with what was said anew, which the trainer then compares. */
  private TrainOptions merged(TrainOptions stored) {
    return merge(stored, stored.warmup());
  }

  private TrainOptions merge(TrainOptions base, int warmupSteps) {
    try {
      return new TrainOptions(
          data == null ? base.data() : data.toString(),
          preset == null ? base.preset() : preset.id(),
          or(dtype, base.dtype()),
          or(method, base.method()),
          pattern == null ? base.pattern() : pattern.toString(),
          or(mask, base.mask()),
          or(columnPeriod, base.columnPeriod()),
          or(doublePrune, base.doublePrune()),
          dense == null ? base.dense() : dense.pattern(),
          or(steps, base.steps()),
          or(batch, base.batch()),
          or(microBatches, base.microBatches()),
          or(seq, base.seq()),
          or(lr, base.lr()),
          or(warmup, warmupSteps),
          or(weightDecay, base.weightDecay()),
          or(adapters, base.adapters()),
          or(adapterFraction, base.adapterFraction()),
          or(seed, base.seed()));
    } catch (IllegalArgumentException e) {
      throw usage(e);
    }
  }

  private static <T> T or(@Nullable T said, T otherwise) {
    return said == null ? otherwise : said;
  }

  /** Each JDK has its sources, a Java runtime cut down has not. */
  static Path sources() throws IOException {
    Path sources = Path.of(System.getProperty("java.home"), "lib", "src.zip");
    if (!Files.isRegularFile(sources)) {
      throw new IOException(
          "--data: is missing, and this Java has no " + sources + " to train on; name a text");
    }
    return sources;
  }
}
