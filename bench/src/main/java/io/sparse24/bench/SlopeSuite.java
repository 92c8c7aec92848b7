package io.sparse24.bench;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.llm.Corpus;
import io.sparse24.llm.Preset;
import io.sparse24.llm.TrainOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * SLoPe beside dense training: layers by themselves, and small decoders trained by each method at
 * equal steps.
 */
public final class SlopeSuite {
  /** The layers of the CPU targets. */
  private static final List<Shape> CPU_LAYERS =
      List.of(new Shape("square", 4096, 4096), new Shape("up", 11008, 4096));

  /** Of OPT 13B, 30B and 66B. */
  private static final List<Shape> GPU_LAYERS =
      List.of(
          new Shape("opt-13b attention", 5120, 5120),
          new Shape("opt-13b fc1", 20480, 5120),
          new Shape("opt-13b fc2", 5120, 20480),
          new Shape("opt-30b attention", 7168, 7168),
          new Shape("opt-30b fc1", 28672, 7168),
          new Shape("opt-30b fc2", 7168, 28672),
          new Shape("opt-66b attention", 9216, 9216),
          new Shape("opt-66b fc1", 36864, 9216),
          new Shape("opt-66b fc2", 9216, 36864));

  private static final long TOKENS = 2048;
  private static final double GPU_MEMORY = 0.63;
  private static final double CPU_MEMORY = 0.65;

  /**
   * What to measure.
   *
   * @param backend the backend's name
   * @param threads CPU threads, 0 = all
   * @param training the dense run, which others differ from in their method; null for layers only
   * @param rank of the adapters
   * @param layers shapes of single layers
   * @param dtypes of single layers
   * @param tokens of single layers
   * @param fewTokens for the low-rank term of the first layer, beside tokens
   * @param seconds for each layer
   * @param targets what layers are to reach
   */
  public record Plan(
      String backend,
      int threads,
      @Nullable TrainOptions training,
      int rank,
      List<Shape> layers,
      List<DType> dtypes,
      long tokens,
      long fewTokens,
      double seconds,
      Targets targets) {
    /**
     * The table of the targets.
     *
     * @param backend the backend's name
     * @param threads CPU threads, 0 = all
     * @param training the dense run, or null
     * @param seconds for each layer
     * @return the plan
     */
    public static Plan targets(
        String backend, int threads, @Nullable TrainOptions training, double seconds) {
      boolean gpu = backend.equals("cuda");
      return new Plan(
          backend,
          threads,
          training,
          training == null ? 0 : rank(training),
          gpu ? GPU_LAYERS : CPU_LAYERS,
          gpu ? List.of(DType.BF16) : List.of(DType.F32, DType.BF16),
          TOKENS,
          16,
          seconds,
          gpu ? new Targets(1.4, 1.4, GPU_MEMORY) : new Targets(1.2, 1.0, CPU_MEMORY));
    }

    /**
     * Tiny layers, to see that it runs.
     *
     * @param backend the backend's name
     * @param threads CPU threads, 0 = all
     * @param training the dense run, or null
     * @return the plan
     */
    public static Plan quick(String backend, int threads, @Nullable TrainOptions training) {
      return new Plan(
          backend,
          threads,
          training,
          4,
          List.of(new Shape("small", 64, 96)),
          List.of(DType.F32, DType.BF16),
          32,
          1,
          0.05,
          new Targets(1.2, 1.0, CPU_MEMORY));
    }

    /**
     * The decoders of this plan.
     *
     * @return a plan without single layers
     */
    public Plan withoutLayers() {
      return new Plan(
          backend, threads, training, rank, List.of(), dtypes, tokens, fewTokens, seconds, targets);
    }

    /** 1.56 % of the hidden size, as published, rounded up to a multiple of four. */
    private static int rank(TrainOptions training) {
      int hidden = Preset.named(training.preset()).config(training.seq()).hiddenSize();
      return Math.ceilDiv(hidden, 64 * 4) * 4;
    }
  }

  /**
   * What layers are to reach.
   *
   * @param f32 times faster than dense in F32
   * @param bf16 times faster than dense in BF16
   * @param memory at most so much of dense
   */
  public record Targets(double f32, double bf16, double memory) {}

  private final Plan plan;
  private final Peers peers;
  private final List<SlopeReport.Run> runs = new ArrayList<>();
  private final List<SlopeReport.Layer> layers = new ArrayList<>();
  private final List<SlopeReport.LowRank> lowRanks = new ArrayList<>();

  /**
   * For a plan.
   *
   * @param plan what to measure
   * @param peers beside whom
   */
  public SlopeSuite(Plan plan, Peers peers) {
    this.plan = plan;
    this.peers = peers;
  }

  /**
   * How often {@link #run} tells of something done.
   *
   * @return layers and runs
   */
  public int parts() {
    int runsHere = plan.training() == null ? 0 : SlopeRuns.METHODS.size();
    return plan.layers().size() * plan.dtypes().size() + runsHere;
  }

  /**
   * Measures everything.
   *
   * @param done told what there is after each layer and each run
   * @return the report
   * @throws IOException if the text can't be read, or a run can't write
   * @throws WrongResult if a layer is wrong
   */
  public SlopeReport run(Consumer<SlopeReport> done) throws IOException {
    TrainOptions training = plan.training();
    Corpus corpus = training == null ? null : Corpus.read(Path.of(training.data()));
    try (Session session = Backends.open(plan.backend(), SessionOptions.threads(plan.threads()))) {
      MachineFacts machine = MachineFacts.of(session);
      for (DType dtype : plan.dtypes()) {
        for (Shape shape : plan.layers()) {
          layer(session, dtype, shape);
          done.accept(report(machine));
        }
      }
      if (training != null && corpus != null) {
        SlopeRuns.train(
            session,
            corpus,
            training,
            plan.rank(),
            run -> {
              runs.add(run);
              done.accept(report(machine));
            });
      }
      return report(machine);
    }
  }

  private void layer(Session session, DType dtype, Shape shape) {
    List<Peer> able =
        session.info().hostMemory()
            ? peers.found().stream()
                .filter(peer -> peer.name().equals("oneDNN") && peer.multiplies(dtype, shape.k()))
                .toList()
            : List.of();
    try (SlopeLayers measured = new SlopeLayers(session, dtype, plan.tokens(), shape, able)) {
      layers.add(measured.measure(plan.seconds()));
    }
    if (!shape.equals(plan.layers().getFirst())) {
      return;
    }
    long[] ranks =
        LongStream.of(hundredths(shape, 1.56), hundredths(shape, 6.25)).distinct().toArray();
    for (long m : new long[] {plan.fewTokens(), plan.tokens()}) {
      for (long rank : ranks) {
        try (LowRankForms forms = new LowRankForms(session, dtype, m, shape, rank)) {
          lowRanks.add(forms.measure(plan.seconds() / 4));
        }
      }
    }
  }

  /** A published share of the smaller side, as a rank. */
  private static long hundredths(Shape shape, double percent) {
    return Math.max(4, Math.round(Math.min(shape.n(), shape.k()) * percent / 400) * 4);
  }

  private SlopeReport report(MachineFacts machine) {
    Map<String, String> versions = new LinkedHashMap<>();
    peers.found().stream()
        .filter(peer -> peer.name().equals("oneDNN"))
        .forEach(peer -> versions.put(peer.name(), peer.version()));
    TrainOptions all = plan.training();
    SlopeReport.Training training =
        all == null
            ? null
            : new SlopeReport.Training(
                all.preset(),
                Preset.named(all.preset()).config(all.seq()).parameters(),
                all.dtype().name(),
                all.steps(),
                all.batch() * all.seq(),
                all.seq(),
                String.valueOf(Path.of(all.data()).getFileName()),
                all.seed(),
                plan.rank());
    return new SlopeReport(
        machine,
        training,
        List.copyOf(runs),
        List.copyOf(layers),
        List.copyOf(lowRanks),
        versions,
        peers.missing(),
        SlopeGoals.of(runs, layers, plan.targets()));
  }
}
