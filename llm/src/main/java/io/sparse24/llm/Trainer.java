package io.sparse24.llm;

import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.format.SparseFormat;
import io.sparse24.train.MemoryUse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * Trains a decoder over bytes: random crops of a text, which depend on the seed and the step's
 * number alone. A run that was stopped or killed goes on from its last checkpoint and ends with the
 * same bits as one that was not; so do runs with any number of threads.
 */
public final class Trainer {
  /** At most so many batches of held-out text are looked at. */
  private static final int VALIDATION_BATCHES = 8;

  /** Watches a run. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A step is done.
     *
     * @param line what the log says of it
     */
    void done(TrainRecord line);
  }

  /**
   * How often something is done; results do not depend on it.
   *
   * @param validation steps between looks at held-out text
   * @param checkpoint steps between checkpoints
   */
  public record Cadence(int validation, int checkpoint) {
    /** Checks. */
    public Cadence {
      if (validation < 1 || checkpoint < 1) {
        throw new IllegalArgumentException(
            "validate-every, checkpoint-every: are "
                + validation
                + " and "
                + checkpoint
                + ", must be at least 1");
      }
    }

    /**
     * Ten times in a run.
     *
     * @param steps of the run
     * @return the cadence
     */
    public static Cadence tenths(int steps) {
      return new Cadence(Math.max(1, steps / 10), Math.max(1, steps / 10));
    }
  }

  /**
   * How a run ended.
   *
   * @param step the last one that was done
   * @param finished whether it was the last of all; if not, it was stopped
   * @param parameters of the model
   * @param memory what its linear layers kept between steps
   * @param denseMemory what they would have kept if all were dense
   * @param log its lines, those of earlier parts of the run too
   */
  public record Result(
      int step,
      boolean finished,
      long parameters,
      MemoryUse memory,
      MemoryUse denseMemory,
      List<TrainRecord> log) {}

  private final TrainOptions options;
  private final Corpus corpus;
  private final RunFolder folder;
  private final Decoder decoder;
  private final Cadence cadence;
  private final int sequences; // of a micro-batch
  private final int[] inputs;
  private final int[] targets;
  private final int[] crop;

  private Trainer(Session session, RunFolder folder, Corpus corpus, Cadence cadence) {
    this.options = folder.options();
    this.corpus = corpus;
    this.folder = folder;
    this.cadence = cadence;
    this.sequences = options.batch() / options.microBatches();
    this.decoder =
        new Decoder(
            session,
            options.config(),
            options.dtype(),
            sequences,
            options.seq(),
            options.recipe(),
            InitialWeights.random(options.config(), options.seed()));
    this.inputs = new int[sequences * options.seq()];
    this.targets = new int[inputs.length];
    this.crop = new int[options.seq() + 1];
  }

  /**
   * The options of a run that was started.
   *
   * @param out its folder
   * @return as it was started with
   * @throws IOException if there is no such run
   */
  public static TrainOptions options(Path out) throws IOException {
    return RunFolder.options(out);
  }

  /**
   * The log of a run.
   *
   * @param out its folder
   * @return a line a step
   * @throws IOException if it can't be read
   */
  public static List<TrainRecord> log(Path out) throws IOException {
    return RunFolder.readLog(out);
  }

  /**
   * Starts a run, which ends with the model, as a Hugging Face directory, in its folder.
   *
   * @param session computes
   * @param options what to train
   * @param corpus the text
   * @param out a new folder
   * @param format how sparse weights are stored
   * @param cadence how often it validates and saves
   * @param listener is told of each step
   * @param stop asked after each step whether to save and stop
   * @return how it ended
   * @throws IOException if the text is too short, or something can't be written
   */
  public static Result start(
      Session session,
      TrainOptions options,
      Corpus corpus,
      Path out,
      SparseFormat format,
      Cadence cadence,
      Listener listener,
      BooleanSupplier stop)
      throws IOException {
    corpus.requireSequences(options.seq());
    try (RunFolder folder = RunFolder.create(out, options)) {
      return run(session, folder, corpus, format, cadence, listener, stop);
    }
  }

  /**
   * Goes on with a run.
   *
   * @param session computes
   * @param options as it was started with
   * @param corpus the same text
   * @param out its folder
   * @param format how sparse weights are stored
   * @param cadence how often it validates and saves
   * @param listener is told of each step
   * @param stop asked after each step whether to save and stop
   * @return how it ended
   * @throws IOException if there is no such run, or text or options are others
   */
  public static Result resume(
      Session session,
      TrainOptions options,
      Corpus corpus,
      Path out,
      SparseFormat format,
      Cadence cadence,
      Listener listener,
      BooleanSupplier stop)
      throws IOException {
    String difference = RunFolder.options(out).difference(options);
    if (!difference.isEmpty()) {
      throw new IOException(out + ": " + difference + "; leave it out, or name a new --out");
    }
    corpus.requireSequences(options.seq());
    try (RunFolder folder = RunFolder.open(out)) {
      return run(session, folder, corpus, format, cadence, listener, stop);
    }
  }

  private static Result run(
      Session session,
      RunFolder folder,
      Corpus corpus,
      SparseFormat format,
      Cadence cadence,
      Listener listener,
      BooleanSupplier stop)
      throws IOException {
    Trainer trainer = new Trainer(session, folder, corpus, cadence);
    try (Decoder decoder = trainer.decoder) {
      int from = folder.restore(decoder, corpus.fingerprint());
      folder.cutLog(from);
      int step = trainer.steps(from, listener, stop);
      boolean finished = step == trainer.options.steps();
      if (finished) {
        ModelFiles.write(decoder, format, folder);
      }
      return new Result(
          step,
          finished,
          decoder.config().parameters(),
          decoder.memory(),
          decoder.denseMemory(trainer.options.recipe().rule()),
          RunFolder.readLog(folder.folder()));
    }
  }

  private int steps(int from, Listener listener, BooleanSupplier stop) throws IOException {
    for (int step = from + 1; step <= options.steps(); step++) {
      if (step == options.adapterStep()) {
        decoder.attachAdapters(options.adapters(), options.seed());
      }
      listener.done(step(step));
      boolean stopped = stop.getAsBoolean();
      if (stopped || step % cadence.checkpoint() == 0 || step == options.steps()) {
        folder.save(decoder, step, corpus.fingerprint());
      }
      if (stopped) {
        return step;
      }
    }
    return options.steps();
  }

  private TrainRecord step(int step) throws IOException {
    long start = System.nanoTime();
    RandomGenerator random = Seeds.generator(Seeds.of(options.seed(), step));
    double loss = 0;
    for (int part = 0; part < options.microBatches(); part++) {
      for (int i = 0; i < sequences; i++) {
        put(Corpus.Part.TRAINING, corpus.crop(random, crop.length), i);
      }
      decoder.set(inputs, targets);
      loss += decoder.lossAndGradient() / options.microBatches();
    }
    if (!Double.isFinite(loss)) {
      throw diverged(step, "the loss is " + loss);
    }
    double norm = gradientNorm(step);
    float scale = 1f / options.microBatches();
    double clip = norm > TrainOptions.CLIP ? TrainOptions.CLIP / norm : 1;
    decoder.step(options.settings(step), (float) (scale * clip));
    double seconds = (System.nanoTime() - start) / 1e9;

    boolean look = step % cadence.validation() == 0 || step == options.steps();
    long tokens = (long) options.batch() * options.seq();
    TrainRecord line =
        new TrainRecord(
            step,
            loss,
            options.lr(step),
            norm,
            look ? (Double) validationLoss() : null,
            tokens * step,
            tokens / seconds,
            decoder.times(seconds * 1e3));
    folder.log(line);
    return line;
  }

  /** Of the mean over micro-batches. */
  private double gradientNorm(int step) throws IOException {
    try {
      double norm = Math.sqrt(decoder.squaredGradientNorm()) / options.microBatches();
      if (norm > 0) {
        return norm;
      }
      throw diverged(step, "the gradient is " + norm);
    } catch (Sparse24Exception.BadData e) {
      throw diverged(step, "the gradient is not finite");
    }
  }

  private IOException diverged(int step, String how) {
    return new IOException(
        "step "
            + step
            + ": "
            + how
            + "; try a smaller --lr or more --warmup ("
            + folder.folder()
            + " keeps what was saved before)");
  }

  private void put(Corpus.Part part, long from, int sequence) {
    corpus.copy(part, from, crop);
    int seq = options.seq();
    System.arraycopy(crop, 0, inputs, sequence * seq, seq);
    System.arraycopy(crop, 1, targets, sequence * seq, seq);
  }

  /** Over windows spread evenly over the held-out text. */
  private double validationLoss() {
    int seq = options.seq();
    long all = (corpus.tokens(Corpus.Part.HELD_OUT) - 1) / seq;
    int windows = (int) Math.min(all, (long) VALIDATION_BATCHES * options.batch());
    double sum = 0;
    for (int first = 0; first < windows; first += sequences) {
      for (int i = 0; i < sequences; i++) {
        int window = Math.min(first + i, windows - 1);
        put(Corpus.Part.HELD_OUT, window * all / windows * seq, i);
        if (first + i >= windows) {
          Arrays.fill(targets, i * seq, (i + 1) * seq, -1); // counts for nothing
        }
      }
      decoder.set(inputs, targets);
      sum += decoder.loss() * sequences;
    }
    return sum / windows;
  }
}
