package io.sparse24.bench;

import io.sparse24.Gram;
import io.sparse24.Pattern;
import io.sparse24.PruningMethods;
import io.sparse24.api.Backends;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.bench.QualityReport.Cell;
import io.sparse24.bench.QualityReport.Study;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.SparseFormat;
import io.sparse24.llm.Compensation;
import io.sparse24.llm.Compensation.Kind;
import io.sparse24.llm.Corpus;
import io.sparse24.llm.LayerPlan;
import io.sparse24.llm.ModelPruner;
import io.sparse24.llm.TrainOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What pruning does to the quality of models: a decoder that is trained here, and an encoder with
 * weights that others trained, each by every method and to every pattern, beside the dense one.
 */
public final class QualitySuite {
  /**
   * What to study.
   *
   * @param backend the backend's name
   * @param threads CPU threads, 0 = all
   * @param training the decoder; it is kept in {@code models} and trained once
   * @param models a folder for it
   * @param samples crops it is pruned by
   * @param windows of held-out text it is measured on
   * @param encoder writes the other model; null for none
   * @param sentences of the training text's documentation comments that it is pruned by, beside its
   *     own
   * @param patterns to which they are pruned
   */
  public record Plan(
      String backend,
      int threads,
      TrainOptions training,
      Path models,
      int samples,
      int windows,
      @Nullable EncoderWriter encoder,
      int sentences,
      List<Pattern> patterns) {}

  /** Writes an encoder. */
  public interface EncoderWriter {
    /**
     * Writes it.
     *
     * @param folder where its directory goes; must not exist
     * @return it
     * @throws IOException if that fails
     */
    Encoder to(Path folder) throws IOException;
  }

  /**
   * An encoder and the sentences it is pruned by and measured on.
   *
   * @param name of the model
   * @param model its directory
   * @param calibration sentences it is pruned by
   * @param measured others
   */
  public record Encoder(String name, Path model, List<String> calibration, List<String> measured) {}

  /** A row of the tables. */
  private record Row(String name, String method, @Nullable Kind compensation, boolean reordered) {
    static Row of(String method) {
      return new Row(method, method, null, false);
    }

    /** Without groups there is nothing to reorder for. */
    boolean has(Pattern pattern) {
      return !(reordered && pattern.unstructured());
    }
  }

  private static final List<Row> ROWS =
      List.of(
          Row.of("random"),
          Row.of("magnitude"),
          Row.of("wanda"),
          Row.of("ria"),
          new Row("ria, reordered", "ria", null, true),
          Row.of("gblm"),
          Row.of("pruner-zero"),
          Row.of("sparsegpt"),
          Row.of("admm"),
          new Row("wanda + svd", "wanda", Kind.SVD, false),
          new Row("sparsegpt + eora", "sparsegpt", Kind.EORA, false));

  /** A model that is studied. */
  interface Subject extends AutoCloseable {
    String name();

    boolean decoder();

    String what();

    Path dense();

    int rank();

    List<int[]> samples();

    /** Quality, agreement, last block's error, tokens a second. */
    double[] measure(Path model) throws IOException;

    @Override
    void close();
  }

  private final Plan plan;
  private final List<Study> studies = new ArrayList<>();

  /**
   * For a plan.
   *
   * @param plan what to study
   */
  public QualitySuite(Plan plan) {
    this.plan = plan;
  }

  /**
   * How often {@link #run} tells of something done.
   *
   * @return cells of all tables
   */
  public int parts() {
    return parts(true) + (plan.encoder() == null ? 0 : parts(false));
  }

  private int parts(boolean decoder) {
    int count = 1; // dense
    for (Row row : rows(decoder)) {
      count += (int) plan.patterns().stream().filter(row::has).count();
    }
    return count;
  }

  /** An encoder has no loss whose gradient could say something. */
  private static List<Row> rows(boolean decoder) {
    return ROWS.stream()
        .filter(row -> decoder || !PruningMethods.named(row.method).needsGradient())
        .toList();
  }

  /**
   * Studies everything.
   *
   * @param done told what there is after each cell
   * @return the report
   * @throws IOException if something can't be read or written
   * @throws io.sparse24.api.Sparse24Exception.Unsupported if there is no LAPACK
   */
  public QualityReport run(Consumer<QualityReport> done) throws IOException {
    Gram.requireLapack();
    try (Session session = Backends.open(plan.backend(), SessionOptions.threads(plan.threads()))) {
      MachineFacts machine = MachineFacts.of(session);
      Corpus corpus = Corpus.read(Path.of(plan.training().data()));
      try (Subject decoder = DecoderSubject.of(session, plan, corpus)) {
        study(session, decoder, machine, done);
      }
      EncoderWriter encoder = plan.encoder();
      if (encoder != null) {
        Path folder = Files.createTempDirectory("sparse24-encoder-");
        try (Subject subject =
            new EncoderSubject(
                session,
                encoder.to(folder.resolve("encoder")),
                DocSentences.of(corpus, plan.sentences()))) {
          study(session, subject, machine, done);
        } finally {
          delete(folder);
        }
      }
      return new QualityReport(machine, List.copyOf(studies));
    }
  }

  private void study(
      Session session, Subject subject, MachineFacts machine, Consumer<QualityReport> done)
      throws IOException {
    List<Cell> cells = new ArrayList<>();
    studies.add(
        new Study(subject.name(), subject.decoder(), subject.what(), subject.rank(), cells));
    try (Checkpoint checkpoint = Checkpoint.open(subject.dense())) {
      long bytes = checkpoint.tensors().stream().mapToLong(t -> t.info().bytes()).sum();
      double[] found = subject.measure(subject.dense());
      cells.add(
          new Cell(QualityReport.DENSE, "", found[0], found[1], found[2], 0, 0, bytes, found[3]));
      done.accept(new QualityReport(machine, studies));
      for (Row row : rows(subject.decoder())) {
        for (Pattern pattern : plan.patterns().stream().filter(row::has).toList()) {
          cells.add(cell(session, subject, checkpoint, row, pattern));
          done.accept(new QualityReport(machine, studies));
        }
      }
    }
  }

  private static Cell cell(
      Session session, Subject subject, Checkpoint checkpoint, Row row, Pattern pattern)
      throws IOException {
    Kind kind = row.compensation;
    LayerPlan layer =
        new LayerPlan(
            PruningMethods.named(row.method),
            pattern,
            pattern.equals(Pattern.P2_4) ? SparseFormat.BITMASK : SparseFormat.DENSE,
            kind == null ? null : new Compensation(kind, subject.rank()),
            row.reordered);
    Map<String, LayerPlan> plans = new LinkedHashMap<>();
    ModelPruner.linearWeights(checkpoint).forEach(name -> plans.put(name, layer));
    Path folder = Files.createTempDirectory("sparse24-quality-");
    try {
      Path out = folder.resolve("pruned");
      ModelPruner.Result result =
          ModelPruner.prune(
              session, checkpoint, out, plans, subject.samples(), (passes, of, what) -> {});
      double[] found = subject.measure(out);
      double seconds = result.forwardSeconds() + result.pruneSeconds();
      return new Cell(
          row.name,
          pattern.toString(),
          found[0],
          found[1],
          found[2],
          seconds,
          result.forwardSeconds() / seconds,
          result.bytesOut(),
          found[3]);
    } finally {
      delete(folder);
    }
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
