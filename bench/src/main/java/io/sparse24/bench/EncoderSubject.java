package io.sparse24.bench;

import io.sparse24.api.Session;
import io.sparse24.llm.Agreement;
import io.sparse24.llm.BlockErrors;
import io.sparse24.llm.EncoderModel;
import io.sparse24.llm.LanguageModel;
import io.sparse24.llm.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An encoder of others, pruned by sentences and measured on other ones. */
final class EncoderSubject implements QualitySuite.Subject {
  private static final int ROUNDS = 3;

  private final Session session;
  private final QualitySuite.Encoder of;
  private final List<int[]> samples;
  private final List<int[]> measured;
  private final int rank;
  private final float[][] embeddings;
  private final BlockErrors outputs;

  EncoderSubject(Session session, QualitySuite.Encoder of, List<String> more) throws IOException {
    this.session = session;
    this.of = of;
    try (EncoderModel model = open(of.model());
        Tokenizer tokenizer = Tokenizer.open(of.model())) {
      int longest = model.config().maxPositions();
      List<String> sentences = new ArrayList<>(of.calibration());
      sentences.addAll(more);
      this.samples = EncoderModel.tokens(tokenizer, sentences, longest);
      this.measured = EncoderModel.tokens(tokenizer, of.measured(), longest);
      this.rank = Math.ceilDiv(model.config().hiddenSize(), 64) * 4;
      this.embeddings = model.embed(measured);
      this.outputs = new BlockErrors(model, measured);
    }
  }

  private EncoderModel open(Path path) throws IOException {
    return EncoderModel.open(session, path, LanguageModel.Weights.AS_STORED);
  }

  @Override
  public String name() {
    return of.name();
  }

  @Override
  public boolean decoder() {
    return false;
  }

  @Override
  public String what() {
    return String.format(
        Locale.ROOT,
        "the published weights, pruned by %d sentences (%d tokens, most of them of the JDK's"
            + " documentation comments), measured on %d others",
        samples.size(),
        samples.stream().mapToInt(sentence -> sentence.length).sum(),
        measured.size());
  }

  @Override
  public Path dense() {
    return of.model();
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public List<int[]> samples() {
    return samples;
  }

  @Override
  public double[] measure(Path path) throws IOException {
    try (EncoderModel model = open(path)) {
      Agreement agreement = Agreement.of(embeddings, model.embed(measured));
      double[] errors = outputs.of(model);
      long tokens = measured.stream().mapToLong(sentence -> sentence.length).sum();
      List<Double> rates = new ArrayList<>();
      for (int round = 0; round < ROUNDS; round++) {
        long start = System.nanoTime();
        model.embed(measured);
        rates.add(tokens * 1e9 / (System.nanoTime() - start));
      }
      return new double[] {
        agreement.cosineMean(), agreement.top5(), errors[errors.length - 1], Turns.median(rates)
      };
    }
  }

  @Override
  public void close() {
    outputs.close();
  }
}
