package io.sparse24.cli.demo;

import io.sparse24.ColumnNorms;
import io.sparse24.PruningMethod;
import io.sparse24.PruningMethods;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.bench.QualitySuite;
import io.sparse24.llm.Agreement;
import io.sparse24.llm.SentenceBatch;
import io.sparse24.llm.SentenceEncoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A trained sentence encoder, dense and with every linear layer pruned to 2:4: how small, how fast,
 * how near.
 */
public final class Demo implements AutoCloseable {
  /** By which the weights are pruned; the last one's are timed and kept. */
  private static final List<PruningMethod> METHODS =
      List.of(PruningMethods.named("magnitude"), PruningMethods.named("wanda"));

  /** Below it our encoder is not the model. */
  private static final double SAME_MODEL = 0.9999;

  /** Sentences a multiplication: some 250 tokens, whose rows stay in the caches between layers. */
  private static final int SENTENCES = 16;

  private static final int WARM_UP = 3;

  /** After it a slow backend gets fewer rounds, but one at least. */
  private static final long BUDGET_NANOS = 20_000_000_000L;

  private final Session session;
  private final int rounds;
  private final Consumer<String> progress;
  private final Arena arena = Arena.ofShared();
  private final Tokenizer tokenizer;
  private final MiniLmWeights weights;
  private final List<MiniLmWeights.Layer> layers;

  private Demo(Session session, int rounds, Consumer<String> progress) throws IOException {
    this.session = session;
    this.rounds = rounds;
    this.progress = progress;
    this.tokenizer = Tokenizer.load();
    this.weights = MiniLmWeights.load(arena);
    this.layers = weights.layers();
  }

  /**
   * Whether there is a model to run.
   *
   * @return false where the application was packed without it
   */
  public static boolean hasModel() {
    return MiniLmWeights.found();
  }

  /**
   * How often {@link #run} reports progress.
   *
   * @param rounds as given to it
   * @return calls
   */
  public static int steps(int rounds) {
    int layers = 6 * MiniLmWeights.BLOCKS;
    return 3 + METHODS.size() * (layers + 1) + WARM_UP + rounds;
  }

  /**
   * Runs it all.
   *
   * @param session computes
   * @param out where the pruned checkpoint goes, or null
   * @param rounds how often the set is embedded for the medians, at least 1
   * @param progress told what was done, {@link #steps} times
   * @return what was found
   * @throws IOException if the model can't be read, or out not be written
   * @throws IllegalStateException if our encoder does not compute what ONNX Runtime does
   */
  public static DemoResult run(
      Session session, @Nullable Path out, int rounds, Consumer<String> progress)
      throws IOException {
    try (Demo demo = new Demo(session, rounds, progress)) {
      return demo.run(out);
    }
  }

  /**
   * Writes the dense model as a Hugging Face directory, for what else there is to do with one.
   *
   * @param out where; must not exist
   * @throws IOException if it can't be written, or the model not be read
   */
  public static void writeModel(Path out) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      DemoCheckpoint.writeDense(out, MiniLmWeights.load(arena));
    }
  }

  /**
   * The dense model and the demo's sentences, for a study.
   *
   * @param out where the model goes; must not exist
   * @param most sentences of each kind at most
   * @return both
   * @throws IOException if it can't be written, or the model not be read
   */
  public static QualitySuite.Encoder encoder(Path out, int most) throws IOException {
    writeModel(out);
    return new QualitySuite.Encoder(
        MiniLmWeights.NAME,
        out,
        Sentences.calibration().stream().limit(most).toList(),
        Sentences.measured().stream().limit(most).toList());
  }

  private DemoResult run(@Nullable Path out) throws IOException {
    List<String> sentences = Sentences.measured();
    float[][] expected = OnnxRuntime.embed(sentences);
    progress.accept("ONNX Runtime");
    List<SentenceBatch> set = batches(sentences);

    try (TimedEncoder dense = encoder(layer -> Linear.dense(session, layers.get(layer)))) {
      float[][] embeddings = dense.embed(set);
      double onnxCosineMin = requireSameModel(expected, embeddings);
      progress.accept("dense embeddings");

      List<List<PrunedLayer>> pruned = prune(dense);
      List<DemoResult.Method> methods = new ArrayList<>();
      for (int i = 0; i < METHODS.size(); i++) {
        String name = METHODS.get(i).name();
        try (TimedEncoder sparse = sparse(pruned.get(i))) {
          Agreement agreement = Agreement.of(embeddings, sparse.embed(set));
          methods.add(
              new DemoResult.Method(
                  name, agreement.cosineMean(), agreement.cosineMin(), agreement.top5()));
        }
        progress.accept(name + " embeddings");
      }
      if (out != null) {
        DemoCheckpoint.write(out, session, weights, pruned.getLast());
      }
      try (TimedEncoder sparse = sparse(pruned.getLast())) {
        double[][] ms = time(dense, sparse, set);
        DemoResult.Summary summary =
            new DemoResult.Summary(
                MiniLmWeights.NAME,
                session.info().backend(),
                dense.weightBytes(),
                sparse.weightBytes(),
                LayerClock.median(ms[0]),
                LayerClock.median(ms[1]),
                methods);
        int tokens = set.stream().mapToInt(SentenceBatch::tokens).sum();
        return new DemoResult(
            summary,
            rows(pruned, dense.clock, sparse.clock),
            sentences.size(),
            tokens,
            onnxCosineMin,
            ms[0].length);
      }
    }
  }

  /**
   * Our encoder must compute what the artifact's does, or all that follows says nothing.
   *
   * @return the worst cosine of a sentence
   */
  static double requireSameModel(float[][] onnxRuntime, float[][] ours) {
    double worst = Agreement.of(onnxRuntime, ours).cosineMin();
    if (!(worst >= SAME_MODEL)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the dense embeddings are not ONNX Runtime's: worst cosine %.6f, must be at least %s",
              worst,
              SAME_MODEL));
    }
    return worst;
  }

  private List<DemoResult.Layer> rows(
      List<List<PrunedLayer>> pruned, LayerClock dense, LayerClock sparse) {
    List<DemoResult.Layer> rows = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      int layer = i;
      Matrix w = layers.get(i).weight();
      rows.add(
          new DemoResult.Layer(
              layers.get(i).name(),
              w.rows(),
              w.cols(),
              pruned.stream().map(method -> method.get(layer).keptEnergy()).toList(),
              dense.median(i),
              sparse.median(i)));
    }
    return rows;
  }

  private List<SentenceBatch> batches(List<String> sentences) {
    List<SentenceBatch> batches = new ArrayList<>();
    for (int from = 0; from < sentences.size(); from += SENTENCES) {
      List<String> some = sentences.subList(from, Math.min(from + SENTENCES, sentences.size()));
      batches.add(
          new SentenceBatch(
              arena, MiniLmWeights.CONFIG, some.stream().map(tokenizer::encode).toList()));
    }
    return batches;
  }

  /** All layers by each method, with the norms of the inputs they have in the dense model. */
  private List<List<PrunedLayer>> prune(TimedEncoder dense) throws IOException {
    List<ColumnNorms> norms =
        layers.stream().map(layer -> new ColumnNorms(session, layer.weight().cols())).toList();
    try {
      calibrate(dense, norms);
      progress.accept("calibration");
      return METHODS.stream().map(score -> prune(score, norms)).toList();
    } finally {
      norms.forEach(ColumnNorms::close);
    }
  }

  /** Runs other sentences through the dense model and gathers the norms of every layer's inputs. */
  private void calibrate(TimedEncoder dense, List<ColumnNorms> norms) throws IOException {
    for (SentenceBatch batch : batches(Sentences.calibration())) {
      new SentenceEncoder(
              MiniLmWeights.CONFIG,
              weights.tables(),
              dense.linears,
              (layer, x) -> norms.get(layer).add(x, batch.sentences()))
          .embed(batch);
    }
  }

  private List<PrunedLayer> prune(PruningMethod method, List<ColumnNorms> norms) {
    List<PrunedLayer> pruned = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      pruned.add(PrunedLayer.of(arena, session, method, norms.get(i), layers.get(i).weight()));
      progress.accept(method.name() + " " + layers.get(i).name());
    }
    return pruned;
  }

  /** Both models in turn, so that what else the machine does meets both; {dense, sparse} in ms. */
  private double[][] time(TimedEncoder dense, TimedEncoder sparse, List<SentenceBatch> set) {
    long start = System.nanoTime();
    for (int i = 0; i < WARM_UP; i++) {
      if (System.nanoTime() - start < BUDGET_NANOS / 4) {
        dense.embed(set);
        sparse.embed(set);
      }
      progress.accept("warming up");
    }
    dense.clock.dropRound();
    sparse.clock.dropRound();
    List<Double> denseMs = new ArrayList<>();
    List<Double> sparseMs = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      if (i == 0 || System.nanoTime() - start < BUDGET_NANOS) {
        denseMs.add(dense.round(set));
        sparseMs.add(sparse.round(set));
      }
      progress.accept("timing");
    }
    return new double[][] {
      denseMs.stream().mapToDouble(Double::doubleValue).toArray(),
      sparseMs.stream().mapToDouble(Double::doubleValue).toArray()
    };
  }

  private TimedEncoder sparse(List<PrunedLayer> pruned) {
    return encoder(layer -> Linear.sparse(session, layers.get(layer), pruned.get(layer).weight()));
  }

  private TimedEncoder encoder(Function<Integer, Linear> linear) {
    List<Linear> linears = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      linears.add(linear.apply(i));
    }
    return new TimedEncoder(weights, linears);
  }

  /** The encoder with its linear layers in one form, timed. */
  private static final class TimedEncoder implements AutoCloseable {
    final List<Linear> linears;
    final LayerClock clock;
    private final SentenceEncoder encoder;

    TimedEncoder(MiniLmWeights weights, List<Linear> linears) {
      this.linears = linears;
      this.clock = new LayerClock(linears.size());
      this.encoder = new SentenceEncoder(MiniLmWeights.CONFIG, weights.tables(), linears, clock);
    }

    float[][] embed(List<SentenceBatch> set) {
      List<float[]> embeddings = new ArrayList<>();
      set.forEach(batch -> embeddings.addAll(List.of(encoder.embed(batch))));
      return embeddings.toArray(float[][]::new);
    }

    /** Milliseconds to embed the set once. */
    double round(List<SentenceBatch> set) {
      long start = System.nanoTime();
      embed(set);
      double ms = (System.nanoTime() - start) / 1e6;
      clock.keepRound();
      return ms;
    }

    long weightBytes() {
      return linears.stream().mapToLong(Linear::weightBytes).sum();
    }

    @Override
    public void close() {
      linears.forEach(Linear::close);
    }
  }

  @Override
  public void close() {
    tokenizer.close();
    arena.close();
  }
}
