package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.bench.Bench;
import io.sparse24.bench.BenchReport;
import io.sparse24.bench.BenchRow;
import io.sparse24.bench.GpuSuite;
import io.sparse24.bench.MachineFacts;
import io.sparse24.bench.Peers;
import io.sparse24.bench.QualityMarkdown;
import io.sparse24.bench.QualityReport;
import io.sparse24.bench.QualitySuite;
import io.sparse24.bench.Shape;
import io.sparse24.bench.SlopeMarkdown;
import io.sparse24.bench.SlopeReport;
import io.sparse24.bench.SlopeSuite;
import io.sparse24.bench.SuiteMarkdown;
import io.sparse24.bench.SuiteReport;
import io.sparse24.bench.SuiteRow;
import io.sparse24.bench.Tuner;
import io.sparse24.bindings.CacheFolder;
import io.sparse24.cli.demo.Demo;
import io.sparse24.llm.Method;
import io.sparse24.llm.Preset;
import io.sparse24.llm.TrainOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures operations on this machine, beside their peers. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description =
        "Measures operations with checked results, weights from DRAM, beside the dense product of"
            + " the same backend. Medians; ratio = peer_ms / ms.")
final class BenchCommand implements Callable<Integer> {
  /** Options that say which rows to measure. */
  private static final List<String> OF_ROWS =
      List.of("--op", "--shapes", "--dtype", "-m", "--warm", "--all-kernels");

  private static final List<String> OF_MODELS = List.of("--preset", "--steps", "--data");

  private static final List<String> OF_LAYERS = List.of("--layers", "--decoders");

  /** For a layer, whose step takes seconds on a CPU. */
  private static final double LAYER_SECONDS = 20;

  /** Of the decoders of suite slope: enough for their losses to part. */
  private static final int SLOPE_STEPS = 300;

  /** Of the decoder of suite quality: some minutes. */
  private static final int QUALITY_STEPS = 1000;

  enum Suite {
    cpu,
    gpu,
    slope,
    quality,
    quick
  }

  /** From a token to a prompt. */
  private static final List<Long> TUNED_TOKENS =
      List.of(1L, 8L, 16L, 32L, 64L, 128L, 256L, 512L, 1024L, 2048L);

  /** More than a GPU's caches hold, and not too much to be made many times. */
  private static final long TUNED_BYTES = 1L << 28;

  /** For each of those beside each other, where a GPU is not there for long. */
  private static final double GPU_SECONDS = 0.25;

  @Option(
      names = "--suite",
      paramLabel = "S",
      description =
          "cpu (the targets of the CPU kernels beside other libraries, some minutes), gpu (those of"
              + " the CUDA kernels), slope (sparse training beside dense: layers, and decoders"
              + " trained by each method; twenty minutes), quality (a decoder trained here and a"
              + " sentence encoder pruned by each method, beside the dense ones) or quick (one"
              + " small matrix, all operations).")
  @Nullable Suite suite;

  @Option(
      names = "--op",
      paramLabel = "OP",
      split = ",",
      description = "Operations, such as spmm24,prune. Default: those of the suite.")
  List<Op> ops = List.of();

  @Option(
      names = "--shapes",
      paramLabel = "FILE",
      description = "Lines 'name n k'; see bench/shapes.")
  @Nullable Path shapes;

  @Option(
      names = "--dtype",
      paramLabel = "T",
      split = ",",
      description =
          "Weights in F32, BF16, F16, or with row scales in I8, F8_E4M3. Default: BF16,F32")
  List<DType> dtypes = List.of(DType.BF16, DType.F32);

  @Option(
      names = "--x-dtype",
      paramLabel = "T",
      defaultValue = "BF16",
      description =
          "X beside a weight with row scales: BF16, F32, I8; what quantize and cast read."
              + " Default: ${DEFAULT-VALUE}")
  DType xDtype = DType.BF16;

  @Option(names = "-m", paramLabel = "M", split = ",", description = "Tokens. Default: 1,16")
  List<Long> tokens = List.of(1L, 16L);

  @Option(names = "--warm", description = "Weights stay in the caches instead of coming from DRAM.")
  boolean warm;

  @Option(
      names = "--all-kernels",
      description = "Every kernel that can run here, not just the best.")
  boolean allKernels;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "1",
      description =
          "Time a row; in suites cpu and gpu, for each of those beside each other, in suite slope"
              + " for a layer. Default: ${DEFAULT-VALUE}, in suite gpu 0.25, in suite slope 20")
  double seconds = 1;

  @Option(
      names = "--time",
      paramLabel = "S",
      defaultValue = "600",
      description =
          "Suite gpu: seconds for everything; what is left by then is not measured. Default:"
              + " ${DEFAULT-VALUE}")
  double time = 600;

  @Option(
      names = "--tune",
      description =
          "Measures by which numbers the backend chooses among its kernels (cuda has such), on"
              + " these dtypes, m and shapes; --out gets the file of them.")
  boolean tune;

  @Option(
      names = "--quick",
      description = "Suites gpu, slope and quality: tiny, to see that it runs.")
  boolean quick;

  @Option(
      names = "--preset",
      paramLabel = "P",
      description =
          "Suites slope and quality: the decoders' size. Default: tiny, with --quick micro")
  @Nullable Preset preset;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Suites slope and quality: the decoders' steps. Default: 300 and 1000, with --quick 10")
  @Nullable Integer steps;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description =
          "Suites slope and quality: a text, folder or zip. Default: the JDK's own sources")
  @Nullable Path data;

  @Option(names = "--layers", description = "Suite slope: layers only, no decoders.")
  boolean layersOnly;

  @Option(names = "--decoders", description = "Suite slope: decoders only, no layers.")
  boolean decodersOnly;

  @Mixin BackendOption backend = new BackendOption();

  @Option(names = "--out", paramLabel = "FILE", description = "Write the JSON there too.")
  @Nullable Path out;

  @Option(names = "--json", description = "JSON on standard output.")
  boolean json;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    if (out != null) {
      Target.checkFile(out);
    }
    if (tune) {
      return tuned();
    }
    if (suite == Suite.quality) {
      return quality();
    }
    if (suite != Suite.slope) {
      refuse(OF_LAYERS, "suite slope");
      refuse(OF_MODELS, "suites slope and quality");
    }
    if (suite == Suite.gpu) {
      return gpuTargets();
    }
    refuse(List.of("--time"), "suite gpu");
    if (suite == Suite.slope) {
      return training();
    }
    refuse(List.of("--quick"), "suites gpu, slope and quality");
    if (suite == Suite.cpu) {
      return targets();
    }
    BenchReport report;
    try (Session session = backend.open()) {
      Bench bench = new Bench(plan(session.info().backend()));
      List<BenchRow> rows;
      PrintWriter err = spec.commandLine().getErr();
      try (Progress progress = new Progress(err, "bench", Math.max(bench.rows(), 1))) {
        rows = bench.run(row -> progress.step(1, row.kernel() + " m=" + row.m()));
      }
      report = new BenchReport(MachineFacts.of(session), rows);
    }
    return show(report, report.table());
  }

  private int show(Object report, String text) {
    write(report);
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, report);
    } else {
      printer.print(text);
      printer.flush();
    }
    return 0;
  }

  private int tuned() throws IOException {
    for (String option :
        Stream.of(
                List.of("--suite", "--op", "--x-dtype", "--all-kernels", "--time", "--quick"),
                OF_MODELS,
                OF_LAYERS)
            .flatMap(List::stream)
            .toList()) {
      if (given(option)) {
        throw usage(option + ": --tune has its own operations; leave out one of the two");
      }
    }
    String backendName = backend.name.equals(Backends.AUTO) ? "cuda" : backend.name;
    Bench.Plan plan = plan(backendName);
    Tuner tuner =
        new Tuner(
            new Tuner.Plan(
                backendName,
                given("--dtype") ? plan.dtypes() : List.of(DType.BF16),
                given("-m") ? plan.tokens() : TUNED_TOKENS,
                shapes != null ? plan.shapes() : Shape.GPU_DECODE,
                warm ? 0 : TUNED_BYTES,
                given("--seconds") ? seconds : GPU_SECONDS));
    PrintWriter err = spec.commandLine().getErr();
    Tuner.Result result =
        tuner.run(setting -> err.println("bench: " + setting.name() + " = " + setting.value()));
    if (out != null) {
      writeText(result.file());
    }
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      Json.print(printer, result);
    } else {
      printer.print(result.file());
      printer.flush();
    }
    return 0;
  }

  private void refuse(List<String> options, String of) {
    for (String option : options) {
      if (given(option)) {
        throw usage(option + ": is for " + of);
      }
    }
  }

  /** The JSON is there, as far as it goes, after each layer and each run. */
  private int training() throws IOException {
    checkSuiteOptions();
    if (layersOnly && decodersOnly) {
      throw usage("--layers, --decoders: each leaves out the other; leave out both for all");
    }
    String backendName = backend.name.equals(Backends.AUTO) ? "cpu" : backend.name;
    PrintWriter err = spec.commandLine().getErr();
    Peers peers = peers(err);
    TrainOptions dense = layersOnly ? null : denseRun(SLOPE_STEPS);
    SlopeSuite.Plan planned =
        quick
            ? SlopeSuite.Plan.quick(backendName, backend.threads, dense)
            : SlopeSuite.Plan.targets(
                backendName, backend.threads, dense, given("--seconds") ? seconds : LAYER_SECONDS);
    SlopeSuite measured = new SlopeSuite(decodersOnly ? planned.withoutLayers() : planned, peers);
    SlopeReport report;
    try (Progress progress = new Progress(err, "bench", measured.parts())) {
      report =
          measured.run(soFar -> {
            progress.step(
                1,
                soFar.runs().isEmpty()
                    ? soFar.layers().getLast().name()
                    : soFar.runs().getLast().method());
            write(soFar);
          });
    }
    return show(report, new SlopeMarkdown(report).full());
  }

  /** The JSON is there, as far as it goes, after each cell. */
  private int quality() throws IOException {
    checkSuiteOptions();
    refuse(OF_LAYERS, "suite slope");
    refuse(List.of("--seconds"), "suites cpu, gpu and slope");
    String backendName = backend.name.equals(Backends.AUTO) ? "cpu" : backend.name;
    PrintWriter err = spec.commandLine().getErr();
    if (!Demo.hasModel()) {
      err.println("bench: without the sentence encoder, which is not in this download");
    }
    int sentences = quick ? 8 : Integer.MAX_VALUE;
    QualitySuite study =
        new QualitySuite(
            new QualitySuite.Plan(
                backendName,
                backend.threads,
                denseRun(QUALITY_STEPS),
                CacheFolder.ofUser().resolve("models"),
                quick ? 4 : 128,
                quick ? 4 : 256,
                Demo.hasModel() ? out -> Demo.encoder(out, sentences) : null,
                quick ? 8 : 1024,
                quick
                    ? List.of(Pattern.P2_4)
                    : List.of(Pattern.P2_4, new Pattern(4, 8), Pattern.unstructured(50))));
    err.println("bench: training the decoder, unless an earlier study has");
    QualityReport report;
    try (Progress progress = new Progress(err, "bench", study.parts())) {
      report =
          study.run(soFar -> {
            QualityReport.Cell last = soFar.studies().getLast().cells().getLast();
            progress.step(1, (last.method() + " " + last.pattern()).strip());
            write(soFar);
          });
    }
    return show(report, new QualityMarkdown(report).full());
  }

  private TrainOptions denseRun(int ordinarySteps) throws IOException {
    Preset size = preset != null ? preset : quick ? Preset.MICRO : Preset.TINY;
    Path text = data != null ? data : TrainCommand.sources();
    TrainOptions all = TrainOptions.of(text.toString(), size, Method.DENSE);
    try {
      return all.withSteps(steps != null ? steps : quick ? 10 : ordinarySteps);
    } catch (IllegalArgumentException e) {
      throw usage("--" + e.getMessage());
    }
  }

  private Peers peers(PrintWriter err) {
    Peers peers = Peers.load();
    if (peers.found().isEmpty()) {
      err.println(
          "bench: no other library is on the class path (bin/s24 in a source checkout brings them),"
              + " so nothing is compared with them");
    }
    peers.missing().forEach((peer, why) -> err.println("bench: without " + peer + ": " + why));
    return peers;
  }

  private boolean given(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private void checkSuiteOptions() {
    for (String option : OF_ROWS) {
      if (given(option)) {
        throw usage(option + ": suite " + suite + " has its own rows; leave out one of the two");
      }
    }
    checkSeconds();
  }

  /** The JSON is there, as far as it goes, after each row. */
  private int gpuTargets() throws IOException {
    checkSuiteOptions();
    if (!(time > 0 && time <= 86400)) {
      throw usage("--time: is " + time + ", must be more than 0 and at most 86400");
    }
    String backendName = backend.name.equals(Backends.AUTO) ? "cuda" : backend.name;
    GpuSuite measured =
        new GpuSuite(
            quick
                ? GpuSuite.Plan.quick(backendName, time)
                : GpuSuite.Plan.targets(
                    backendName, given("--seconds") ? seconds : GPU_SECONDS, time));
    SuiteReport report;
    PrintWriter err = spec.commandLine().getErr();
    try (Progress progress = new Progress(err, "bench", measured.rows())) {
      report =
          measured.run(soFar -> {
            SuiteRow row = soFar.rows().getLast();
            progress.step(1, row.kernel() + " " + row.shape() + " m=" + row.m());
            write(soFar);
          });
    }
    return show(report, new SuiteMarkdown(report).full());
  }

  /** Whole or not at all, since whoever stops this run wants what there is. */
  private void write(Object report) {
    if (out == null) {
      return;
    }
    try {
      writeText(Json.MAPPER.writeValueAsString(report) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeText(String text) {
    Path file = Objects.requireNonNull(out);
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.writeString(part, text);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int targets() throws IOException {
    checkSuiteOptions();
    String backendName = backend.name.equals(Backends.AUTO) ? "cpu" : backend.name;
    PrintWriter err = spec.commandLine().getErr();
    Peers peers = peers(err);
    io.sparse24.bench.Suite measured =
        new io.sparse24.bench.Suite(
            io.sparse24.bench.Suite.Plan.targets(backendName, backend.threads, seconds), peers);
    SuiteReport report;
    try (Progress progress = new Progress(err, "bench", measured.rows())) {
      report =
          measured.run(row -> progress.step(1, row.kernel() + " " + row.shape() + " m=" + row.m()));
    }
    return show(report, new SuiteMarkdown(report).full());
  }

  private void checkSeconds() {
    if (!(seconds > 0 && seconds <= 600)) {
      throw usage("--seconds: is " + seconds + ", must be more than 0 and at most 600");
    }
  }

  private Bench.Plan plan(String backendName) throws IOException {
    checkSeconds();
    for (long m : tokens) {
      if (m < 1 || m > 1 << 20) {
        throw usage("-m: is " + m + ", must be between 1 and 2^20");
      }
    }
    List<Op> chosenOps = new ArrayList<>(ops);
    if (chosenOps.isEmpty()) {
      // spmm24 brings gemm along as its peer.
      chosenOps.addAll(Arrays.asList(Op.values()));
      chosenOps.remove(Op.SPMM24);
      chosenOps.remove(Op.GEMM);
      chosenOps.addFirst(Op.SPMM24);
    }
    List<Shape> list = shapes != null ? read(shapes) : Shape.QUICK;
    return new Bench.Plan(
        backendName,
        backend.threads,
        chosenOps,
        dtypes,
        xDtype,
        tokens,
        list,
        warm ? 0 : Bench.COLD,
        allKernels,
        seconds);
  }

  /** The file's own problems come with its name; those of reading it do not. */
  private static List<Shape> read(Path shapes) throws IOException {
    try {
      return Shape.read(shapes);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(shapes + ": is no text file of lines 'name n k'", e);
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
