package io.sparse24.bench;

import io.sparse24.bench.SuiteRow.Rival;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The suite's report as Markdown, which people also read on a terminal. */
public final class SuiteMarkdown {
  private static final String NONE = "–";

  private final SuiteReport report;

  /**
   * For a report.
   *
   * @param report what was measured
   */
  public SuiteMarkdown(SuiteReport report) {
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
        + goals()
        + "\n## Milliseconds a call\n\n"
        + times()
        + "\n## How many times faster than each\n\n"
        + ratios()
        + calls()
        + missing();
  }

  /**
   * For the README: the summaries of several machines.
   *
   * @param reports what was measured, one a machine
   * @return Markdown
   */
  public static String summaries(List<SuiteReport> reports) {
    return reports.stream()
        .map(report -> new SuiteMarkdown(report).summary())
        .collect(Collectors.joining("\n"));
  }

  /**
   * For the README: a line a group of targets.
   *
   * @return Markdown
   */
  public String summary() {
    return summary(report.goals()) + "\n" + machine();
  }

  static String summary(List<Goal> all) {
    Map<String, List<Goal>> groups =
        all.stream()
            .collect(
                Collectors.groupingBy(
                    goal -> goal.group() + ": " + goal.measure(),
                    LinkedHashMap::new,
                    Collectors.toList()));
    MarkdownTable table = new MarkdownTable("work", "target", "limit", "reached", "met");
    groups.forEach((name, goals) -> {
      List<Double> reached = new ArrayList<>();
      int met = 0;
      for (Goal goal : goals) {
        if (goal.reached() != null) {
          reached.add(goal.reached());
        }
        met += goal.verdict().equals("met") ? 1 : 0;
      }
      Goal one = goals.getFirst();
      table.row(
          name,
          number(one.target()),
          number(one.limit()),
          range(reached),
          met + " of " + goals.size());
    });
    return table.toString();
  }

  private static String range(List<Double> values) {
    if (values.isEmpty()) {
      return "not measured";
    }
    String least = number(values.stream().min(Double::compare).orElseThrow());
    String most = number(values.stream().max(Double::compare).orElseThrow());
    return least.equals(most) ? least : least + " to " + most;
  }

  private String machine() {
    StringBuilder text = new StringBuilder(report.machine().line());
    for (Ceilings ceiling : report.ceilings()) {
      if (ceiling.readGbps() == 0) {
        text.append(
            String.format(
                Locale.ROOT, "Copies within its memory: %.0f GB/s.%n", ceiling.copyGbps()));
        continue;
      }
      text.append(
          String.format(
              Locale.ROOT,
              "%d thread%s: reads %.1f GB/s, copies %.1f GB/s, F32 %.0f GFLOP/s, BF16 %s.%n",
              ceiling.threads(),
              ceiling.threads() == 1 ? "" : "s",
              ceiling.readGbps(),
              ceiling.copyGbps(),
              ceiling.f32Gflops(),
              ceiling.bf16Gflops() == 0
                  ? "not in hardware"
                  : String.format(Locale.ROOT, "%.0f GFLOP/s", ceiling.bf16Gflops())));
    }
    text.append(peers(report.peers()));
    return text.toString();
  }

  /** Who was measured, in a line; empty if nobody was. */
  static String peers(Map<String, String> versions) {
    return versions.isEmpty()
        ? ""
        : versions.entrySet().stream()
            .map(peer -> peer.getKey() + " " + peer.getValue())
            .collect(Collectors.joining(", ", "Peers: ", ".\n"));
  }

  private String goals() {
    return goals(report.goals());
  }

  static String goals(List<Goal> goals) {
    MarkdownTable table =
        new MarkdownTable("work", "measure", "target", "limit", "reached", "verdict", "note");
    for (Goal goal : goals) {
      table.row(
          goal.work(),
          goal.measure(),
          number(goal.target()),
          number(goal.limit()),
          number(goal.reached()),
          goal.verdict(),
          goal.note());
    }
    return table.toString();
  }

  static String number(@Nullable Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.2f", value);
  }

  private static String ms(@Nullable Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.3f", value);
  }

  /** Of every row, in the order they first appear. */
  private List<String> rivals() {
    Set<String> names = new LinkedHashSet<>();
    for (SuiteRow row : report.rows()) {
      row.rivals().forEach(rival -> names.add(rival.name()));
    }
    return List.copyOf(names);
  }

  private interface Cell {
    String of(SuiteRow row, String rival);
  }

  private String table(List<String> ours, Cell own, Cell cell) {
    List<String> rivals = rivals();
    List<String> head = new ArrayList<>(List.of("work", "type", "n × k", "m", "threads"));
    boolean warm = report.rows().stream().anyMatch(SuiteRow::warm);
    if (warm) {
      head.add("weights");
    }
    head.addAll(ours);
    head.addAll(rivals);
    MarkdownTable table = new MarkdownTable(head.toArray(String[]::new));
    for (SuiteRow row : report.rows()) {
      List<String> cells =
          new ArrayList<>(
              List.of(
                  row.kernel(),
                  row.dtype(),
                  row.shape(),
                  row.m() == 0 ? NONE : Long.toString(row.m()),
                  Integer.toString(row.threads())));
      if (warm) {
        cells.add(row.warm() ? "warm" : "cold");
      }
      ours.forEach(column -> cells.add(own.of(row, column)));
      rivals.forEach(rival -> cells.add(cell.of(row, rival)));
      table.row(cells.toArray(String[]::new));
    }
    return table.toString();
  }

  private String times() {
    return table(
        List.of("ms", "GB/s", "GFLOP/s"),
        (row, column) ->
            switch (column) {
              case "ms" -> ms(row.ms());
              case "GB/s" -> String.format(Locale.ROOT, "%.1f", row.gbps());
              default -> String.format(Locale.ROOT, "%.0f", row.gflops());
            },
        (row, rival) ->
            ms(
                row.rivals().stream()
                    .filter(one -> one.name().equals(rival))
                    .findFirst()
                    .map(Rival::ms)
                    .orElse(null)));
  }

  private String ratios() {
    return table(List.of(), (_, _) -> "", (row, rival) -> number(row.ratio(rival).orElse(null)));
  }

  private String calls() {
    StringBuilder text = new StringBuilder();
    for (SuiteReport.CallCost cost : report.calls()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%s%s: a call through a session takes %.0f ns, the C function alone %.0f ns.%n",
              text.isEmpty() ? "\n" : "",
              cost.op(),
              cost.sessionNs(),
              cost.functionNs()));
    }
    return text.toString();
  }

  /** Each reason once. */
  private String missing() {
    Set<String> lines = new LinkedHashSet<>();
    report.missingPeers().forEach((peer, why) -> lines.add(peer + ": " + why));
    for (SuiteRow row : report.rows()) {
      for (Rival rival : row.rivals()) {
        if (!rival.absent().isEmpty()) {
          lines.add(rival.name() + ", " + row.dtype() + ": " + rival.absent());
        }
      }
    }
    return lines.stream()
        .map(line -> "- not measured: " + line + "\n")
        .collect(Collectors.joining("", lines.isEmpty() ? "" : "\n", ""));
  }
}
