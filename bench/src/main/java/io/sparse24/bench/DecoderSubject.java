package io.sparse24.bench;

import io.sparse24.api.Session;
import io.sparse24.format.SparseFormat;
import io.sparse24.llm.BlockErrors;
import io.sparse24.llm.Corpus;
import io.sparse24.llm.Divergence;
import io.sparse24.llm.Divergence.Continuations;
import io.sparse24.llm.LanguageModel;
import io.sparse24.llm.ModelPruner;
import io.sparse24.llm.Perplexity;
import io.sparse24.llm.TrainOptions;
import io.sparse24.llm.Trainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/** A decoder that is trained dense here, pruned by its text and measured on what was held out. */
final class DecoderSubject implements QualitySuite.Subject {
  private static final int PREFIXES = 32;
  private static final int TIMED_TOKENS = 64;
  private static final int ROUNDS = 3;

  private final Session session;
  private final TrainOptions training;
  private final Path dense;
  private final int[] heldOut;
  private final int windows;
  private final List<int[]> samples;
  private final Continuations continuations;
  private final BlockErrors outputs;

  private DecoderSubject(
      Session session, TrainOptions training, Path dense, Corpus corpus, int count, int windows)
      throws IOException {
    this.session = session;
    this.training = training;
    this.dense = dense;
    this.windows = windows;
    int seq = training.seq();
    this.heldOut = corpus.tokens(Corpus.Part.HELD_OUT, 0, windows * seq);
    this.samples =
        ModelPruner.crops(
            corpus.tokens(Corpus.Part.TRAINING, 0, Integer.MAX_VALUE / 8), count, seq, 0);
    try (LanguageModel model = open(dense)) {
      this.continuations =
          Continuations.of(model, heldOut, PREFIXES, seq / 2, seq / 2, prefix -> {});
      this.outputs = new BlockErrors(model, Arrays.copyOf(heldOut, seq));
    }
  }

  /** Trained once; a later study finds it. */
  static DecoderSubject of(Session session, QualitySuite.Plan plan, Corpus corpus)
      throws IOException {
    TrainOptions training = plan.training();
    String recipe =
        training + ", " + corpus.tokens(Corpus.Part.TRAINING) + session.info().backend();
    Path kept =
        plan.models()
            .resolve(UUID.nameUUIDFromBytes(recipe.getBytes(StandardCharsets.UTF_8)).toString());
    if (!Files.isDirectory(kept)) {
      Files.createDirectories(plan.models());
      Path made = kept.resolveSibling(kept.getFileName() + ".training");
      if (Files.exists(made)) {
        QualitySuite.delete(made); // of a study that was killed
      }
      Files.createDirectory(made);
      try {
        Trainer.start(
            session,
            training,
            corpus,
            made.resolve("run"),
            SparseFormat.DENSE,
            new Trainer.Cadence(training.steps(), training.steps()),
            step -> {},
            () -> false);
        Files.move(made.resolve("run"), kept, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        QualitySuite.delete(made);
      }
    }
    return new DecoderSubject(session, training, kept, corpus, plan.samples(), plan.windows());
  }

  private LanguageModel open(Path model) throws IOException {
    return LanguageModel.open(
        session, model, LanguageModel.Weights.AS_STORED, training.seq(), training.seq());
  }

  @Override
  public String name() {
    return "decoder, preset " + training.preset();
  }

  @Override
  public boolean decoder() {
    return true;
  }

  @Override
  public String what() {
    return String.format(
        Locale.ROOT,
        "trained dense for %d steps of %d tokens on %s (bytes as tokens), pruned by %d crops of %d"
            + " tokens of that text, measured on %d windows of held-out text",
        training.steps(),
        training.batch() * training.seq(),
        Path.of(training.data()).getFileName(),
        samples.size(),
        training.seq(),
        windows);
  }

  @Override
  public Path dense() {
    return dense;
  }

  @Override
  public int rank() {
    try {
      return Math.ceilDiv(LanguageModel.config(dense).hiddenSize(), 64) * 4;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public List<int[]> samples() {
    return samples;
  }

  @Override
  public double[] measure(Path path) throws IOException {
    try (LanguageModel model = open(path)) {
      Perplexity perplexity = Perplexity.of(model, heldOut, training.seq(), windows, window -> {});
      Divergence divergence = Divergence.of(model, continuations, prefix -> {});
      double[] errors = outputs.of(model);
      return new double[] {
        perplexity.perplexity(), divergence.share(), errors[errors.length - 1], speed(model)
      };
    }
  }

  private double speed(LanguageModel model) {
    List<Double> rates = new ArrayList<>();
    int generated = Math.min(TIMED_TOKENS, training.seq() - 1);
    for (int round = 0; round < ROUNDS; round++) {
      model.clear();
      float[] logits = model.append(heldOut[0]);
      long start = System.nanoTime();
      for (int i = 0; i < generated; i++) {
        logits = model.append(likeliest(logits));
      }
      rates.add(generated * 1e9 / (System.nanoTime() - start));
    }
    return Turns.median(rates);
  }

  private static int likeliest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  @Override
  public void close() {
    outputs.close();
  }
}
