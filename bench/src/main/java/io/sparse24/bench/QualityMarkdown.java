package io.sparse24.bench;

import io.sparse24.bench.QualityReport.Cell;
import io.sparse24.bench.QualityReport.Study;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The study of quality as Markdown, which people also read on a terminal. */
public final class QualityMarkdown {
  /** From better to worse, as the papers have it. */
  private static final List<String> EXPECTED =
      List.of("admm", "sparsegpt", "ria", "wanda", "magnitude", "random");

  /** Of LLaMA-2 7B, by Wanda's authors. */
  private static final String PUBLISHED =
      """
      As published, not measured here: perplexity of WikiText-2 under LLaMA-2 7B, windows of 4096 tokens, dense 5.12
      (Sun and others, arXiv 2306.11695).

      | | 2:4 | 4:8 | 50% |
      |---|---:|---:|---:|
      | magnitude | 54.59 | 16.48 | 14.89 |
      | wanda | 11.02 | 7.97 | 6.42 |
      | sparsegpt | 10.17 | 8.12 | 6.51 |
      """;

  private final QualityReport report;

  /**
   * For a report.
   *
   * @param report what was found
   */
  public QualityMarkdown(QualityReport report) {
    this.report = report;
  }

  /**
   * Everything.
   *
   * @return Markdown
   */
  public String full() {
    return report.machine().line()
        + report.studies().stream()
            .map(study -> "\n## " + study.model() + "\n\n" + table(study, true) + order(study))
            .collect(Collectors.joining())
        + "\n## Published\n\n"
        + PUBLISHED;
  }

  /**
   * For the README: tables without what pruning cost, and the published numbers.
   *
   * @param reports what was found, one a machine
   * @return Markdown
   */
  public static String summaries(List<QualityReport> reports) {
    return reports.stream()
        .map(report -> new QualityMarkdown(report).summary())
        .collect(Collectors.joining("\n"));
  }

  private String summary() {
    return report.studies().stream()
            .map(study -> "**" + study.model() + "**: " + table(study, false) + order(study) + "\n")
            .collect(Collectors.joining())
        + PUBLISHED
        + "\n"
        + report.machine().line();
  }

  private static List<String> patterns(Study study) {
    return study.cells().stream()
        .map(Cell::pattern)
        .filter(pattern -> !pattern.isEmpty())
        .distinct()
        .toList();
  }

  private static Optional<Cell> cell(Study study, String method, String pattern) {
    return study.cells().stream()
        .filter(cell -> cell.method().equals(method) && cell.pattern().equals(pattern))
        .findFirst();
  }

  private static String table(Study study, boolean costs) {
    List<String> patterns = patterns(study);
    List<String> head = new ArrayList<>(List.of(""));
    head.addAll(patterns);
    String first = patterns.isEmpty() ? "" : patterns.getFirst();
    String second = study.decoder() ? "differing tokens" : "five nearest shared";
    head.add(second + " " + first);
    if (costs) {
      head.addAll(
          List.of("last block off", "pruning, s", "forward passes", "MB", "tokens/s " + first));
    }
    MarkdownTable table = new MarkdownTable(head.toArray(String[]::new));
    List<String> methods = study.cells().stream().map(Cell::method).distinct().toList();
    for (String method : methods) {
      boolean dense = method.equals(QualityReport.DENSE);
      List<String> row = new ArrayList<>(List.of(method));
      for (String pattern : patterns) {
        row.add(
            cell(study, method, dense ? "" : pattern)
                .map(found -> number(study.decoder() ? "%.2f" : "%.4f", found.quality()))
                .orElse(""));
      }
      Optional<Cell> at = cell(study, method, dense ? "" : first);
      row.add(at.map(found -> number("%.1f %%", 100 * found.agreement())).orElse(""));
      if (costs) {
        row.add(at.map(found -> number("%.3f", found.lastBlockError())).orElse(""));
        row.add(dense ? "" : at.map(found -> number("%.2f", found.pruneSeconds())).orElse(""));
        row.add(
            dense ? "" : at.map(found -> number("%.0f %%", 100 * found.forwardShare())).orElse(""));
        row.add(at.map(found -> number("%.2f", found.bytes() / 1e6)).orElse(""));
        row.add(at.map(found -> number("%.0f", found.tokensPerSecond())).orElse(""));
      }
      table.row(row.toArray(String[]::new));
    }
    return (study.decoder() ? "perplexity" : "mean cosine to the dense model's embeddings")
        + " of "
        + study.what()
        + "; low-rank terms of rank "
        + study.rank()
        + ".\n\n"
        + table;
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  /** Where the table says otherwise than the papers' order. */
  private static String order(Study study) {
    List<String> otherwise = new ArrayList<>();
    for (String pattern : patterns(study)) {
      for (int i = 0; i + 1 < EXPECTED.size(); i++) {
        String better = EXPECTED.get(i);
        String worse = EXPECTED.get(i + 1);
        Optional<Cell> one = cell(study, better, pattern);
        Optional<Cell> other = cell(study, worse, pattern);
        if (one.isPresent() && other.isPresent()) {
          double apart = one.get().quality() - other.get().quality();
          if (study.decoder() ? apart > 0 : apart < 0) {
            otherwise.add(worse + " is better than " + better + " at " + pattern);
          }
        }
      }
    }
    return "\nExpected from worse to better: "
        + String.join(", ", EXPECTED.reversed())
        + (otherwise.isEmpty()
            ? "; so it is here.\n"
            : "; here " + String.join(", ", otherwise) + ".\n");
  }
}
