package io.sparse24.bench;

import io.sparse24.llm.StepTimes;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The report of sparse training as Markdown, which people also read on a terminal. */
public final class SlopeMarkdown {
  private final SlopeReport report;

  /**
   * For a report.
   *
   * @param report what was measured
   */
  public SlopeMarkdown(SlopeReport report) {
    this.report = report;
  }

  /**
   * Everything.
   *
   * @return Markdown without pictures
   */
  public String full() {
    return machine()
        + "\n## Targets\n\n"
        + SuiteMarkdown.goals(report.goals())
        + (report.runs().isEmpty() ? "" : "\n## Trained alike\n\n" + runs())
        + (report.layers().isEmpty() ? "" : "\n## A layer's step, milliseconds\n\n" + layers())
        + (report.lowRanks().isEmpty() ? "" : "\n## A low-rank term, milliseconds\n\n" + lowRanks())
        + report.missingPeers().entrySet().stream()
            .map(peer -> "- not measured: " + peer.getKey() + ": " + peer.getValue() + "\n")
            .collect(Collectors.joining("", report.missingPeers().isEmpty() ? "" : "\n", ""));
  }

  /**
   * For the README: the summaries of several machines.
   *
   * @param reports what was measured, one a machine
   * @return Markdown
   */
  public static String summaries(List<SlopeReport> reports) {
    return reports.stream()
        .map(report -> new SlopeMarkdown(report).summary())
        .collect(Collectors.joining("\n"));
  }

  /** The runs, the targets and the machine. */
  private String summary() {
    return (report.runs().isEmpty() ? "" : runs() + "\n")
        + SuiteMarkdown.summary(report.goals())
        + "\n"
        + machine();
  }

  private String machine() {
    return report.machine().line() + SuiteMarkdown.peers(report.peers());
  }

  private String runs() {
    MarkdownTable table =
        new MarkdownTable(
            "method",
            "held-out loss",
            "to dense",
            "step, ms",
            "forward",
            "BWD-1",
            "BWD-2",
            "optimizer",
            "memory, MB");
    Optional<SlopeReport.Run> dense =
        report.runs().stream().filter(run -> run.method().equals(SlopeReport.DENSE)).findFirst();
    for (SlopeReport.Run run : report.runs()) {
      StepTimes ms = run.milliseconds();
      table.row(
          run.method(),
          String.format(Locale.ROOT, "%.4f", run.validationLoss()),
          dense
              .map(one -> 100 * (run.validationLoss() / one.validationLoss() - 1))
              .map(percent -> String.format(Locale.ROOT, "%+.1f %%", percent))
              .orElse("–"),
          whole(ms.step()),
          whole(ms.forward()),
          whole(ms.weightGradient()),
          whole(ms.inputGradient()),
          whole(ms.optimizer()),
          String.format(Locale.ROOT, "%.1f", run.memoryBytes() / 1e6));
    }
    SlopeReport.Training all = report.training();
    String alike =
        all == null
            ? ""
            : String.format(
                Locale.ROOT,
                "%nPreset %s, %,d parameters, %s, %d steps of %d tokens (bytes of %s), seed %d;"
                    + " adapters of rank %d in the last 1 %% of steps. Times are medians, of all"
                    + " linear layers; memory is what these keep between steps.%n",
                all.preset(),
                all.parameters(),
                all.dtype(),
                all.steps(),
                all.tokens(),
                all.data(),
                all.seed(),
                all.rank());
    return table + alike;
  }

  private String layers() {
    MarkdownTable table =
        new MarkdownTable(
            "layer", "whose", "step", "forward", "BWD-1", "BWD-2", "optimizer", "memory");
    for (SlopeReport.Layer layer : report.layers()) {
      row(table, layer.name(), "SlopeLinear", layer.slope(), number(layer.memory()));
      row(table, layer.name(), "DenseLinear", layer.dense(), "1.00");
      row(
          table,
          layer.name(),
          "dense products: " + String.join(", ", layer.fastest()),
          layer.products(),
          "–");
    }
    return table
        + "\nThe dense products are plain ones, of whoever is fastest, without the transposes that"
        + " DenseLinear makes and with weights laid out beforehand; the optimizer is"
        + " DenseLinear's.\n";
  }

  private static void row(
      MarkdownTable table, String layer, String whose, StepTimes ms, String memory) {
    table.row(
        layer,
        whose,
        tenth(ms.step()),
        tenth(ms.forward()),
        tenth(ms.weightGradient()),
        tenth(ms.inputGradient()),
        tenth(ms.optimizer()),
        memory);
  }

  private String lowRanks() {
    MarkdownTable table =
        new MarkdownTable("layer", "m", "rank", "without", "fused", "concatenated", "added");
    for (SlopeReport.LowRank one : report.lowRanks()) {
      table.row(
          one.dtype() + " " + one.n() + " × " + one.k(),
          Long.toString(one.m()),
          Long.toString(one.rank()),
          number(one.plainMs()),
          number(one.fusedMs()),
          number(one.concatenatedMs()),
          one.addedMs() == 0 ? "–" : number(one.addedMs()));
    }
    return table.toString();
  }

  private static String whole(double ms) {
    return String.format(Locale.ROOT, "%.0f", ms);
  }

  private static String tenth(double ms) {
    return String.format(Locale.ROOT, "%.1f", ms);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
