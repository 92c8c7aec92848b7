package io.sparse24.bench;

import io.sparse24.bench.SuiteRow.Work;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The targets of the CPU kernels against rows of the suite. */
final class Goals {
  private static final String ONE_DNN = "oneDNN";

  /** Dense bytes over packed bytes: 8/5, 16/9 and 32/17. */
  private static final double I8_BYTES = 8 / 5.0;

  private static final double BF16_BYTES = 16 / 9.0;

  private static final double F32_BYTES = 32 / 17.0;

  private final List<SuiteRow> rows;
  private final List<Ceilings> ceilings;
  private final List<Goal> goals = new ArrayList<>();

  private Goals(List<SuiteRow> rows, List<Ceilings> ceilings) {
    this.rows = rows;
    this.ceilings = ceilings;
  }

  /** All of them, in the order of the table. */
  static List<Goal> of(List<SuiteRow> rows, List<Ceilings> ceilings) {
    Goals all = new Goals(rows, ceilings);
    all.decode("BF16", 1.65, BF16_BYTES);
    all.decode("F32", 1.7, F32_BYTES);
    all.eightBits();
    all.prefill("BF16", 1.0, null);
    all.geometricMean("BF16", 1.15);
    all.prefill("F32", 1.25, 2.0);
    all.prune();
    all.aheadOfAll();
    all.scaling();
    return all.goals;
  }

  private List<SuiteRow> rows(Work work, Predicate<SuiteRow> which) {
    return rows.stream().filter(row -> row.work() == work).filter(which).toList();
  }

  private static Predicate<SuiteRow> of(String dtype) {
    return row -> row.dtype().equals(dtype);
  }

  static String name(SuiteRow row) {
    return row.kernel().substring(0, row.kernel().indexOf('_'))
        + " "
        + row.dtype()
        + " "
        + row.shape()
        + (row.m() > 0 ? ", m = " + row.m() : "");
  }

  private void decode(String dtype, double ratio, double limit) {
    String group = "spmm24 " + dtype + ", few tokens";
    for (SuiteRow row : rows(Work.DECODE, of(dtype))) {
      ratio(group, row, ONE_DNN, ratio, limit);
    }
    for (SuiteRow row : rows(Work.DECODE, of(dtype))) {
      share(group, row, "of the read bandwidth", 0.9, Ceilings::readGbps);
    }
  }

  private void eightBits() {
    for (SuiteRow row : rows(Work.DECODE, of("I8"))) {
      ratio("spmm24 I8 × BF16, few tokens", row, SuiteRow.DENSE, 1.45, I8_BYTES);
    }
    for (SuiteRow row : rows(Work.DECODE, of("I8"))) {
      ratio("spmm24 I8 × BF16, few tokens", row, SuiteRow.ONE_DNN_BF16, 2.9, 2 * I8_BYTES);
    }
  }

  private void prefill(String dtype, double ratio, @Nullable Double limit) {
    for (SuiteRow row : rows(Work.PREFILL, of(dtype))) {
      ratio("spmm24 " + dtype + ", many tokens", row, ONE_DNN, ratio, limit);
    }
  }

  private void geometricMean(String dtype, double target) {
    List<SuiteRow> all = rows(Work.PREFILL, of(dtype));
    List<Double> ratios =
        all.stream().map(row -> row.ratio(ONE_DNN)).flatMap(Optional::stream).toList();
    boolean complete = !all.isEmpty() && ratios.size() == all.size();
    Double mean =
        complete ? Math.exp(ratios.stream().mapToDouble(Math::log).average().orElseThrow()) : null;
    goals.add(
        new Goal(
            "spmm24 " + dtype + ", many tokens, geometric mean",
            "spmm24 " + dtype + ", geometric mean of these",
            "× " + ONE_DNN,
            target,
            null,
            mean,
            complete ? "" : "not every one of them was measured"));
  }

  private void prune() {
    for (SuiteRow row : rows(Work.PRUNE, _ -> true)) {
      share("prune24 by Wanda", row, "of the copy bandwidth", 0.8, Ceilings::copyGbps);
    }
  }

  /** Where everybody was measured: against the fastest of them. */
  private void aheadOfAll() {
    for (SuiteRow row : rows) {
      List<SuiteRow.Rival> others =
          row.rivals().stream()
              .filter(rival -> rival.ms() != null && !rival.name().equals(SuiteRow.DENSE))
              .toList();
      if (row.work() == Work.SCALING || others.size() < 2) {
        continue;
      }
      SuiteRow.Rival best =
          others.stream().min(Comparator.comparingDouble(rival -> time(rival))).orElseThrow();
      double reached = time(best) / row.ms();
      String note = "the fastest is " + best.name();
      goals.add(
          new Goal(
              "spmm24 beside every peer",
              name(row),
              "× the fastest peer",
              1.0,
              null,
              reached,
              note));
    }
  }

  private static double time(SuiteRow.Rival rival) {
    return rival.ms() == null ? Double.POSITIVE_INFINITY : rival.ms();
  }

  private void scaling() {
    for (SuiteRow row : rows(Work.SCALING, _ -> true)) {
      double share = row.threads() / 2.0;
      ratio("threads", row, SuiteRow.ONE_THREAD, 1.85 * share, (double) row.threads());
    }
  }

  private void ratio(
      String group, SuiteRow row, String rival, double target, @Nullable Double limit) {
    Double reached = row.ratio(rival).orElse(null);
    String note = "";
    if (reached == null) {
      note =
          row.rivals().stream()
              .filter(one -> one.name().equals(rival))
              .map(SuiteRow.Rival::absent)
              .findFirst()
              .orElse(rival + " is not here");
    } else if (reached < target) {
      note = reason(row, rival);
    }
    goals.add(new Goal(group, name(row), "× " + rival, target, limit, reached, note));
  }

  private interface Bandwidth {
    double of(Ceilings ceilings);
  }

  private void share(
      String group, SuiteRow row, String measure, double target, Bandwidth bandwidth) {
    Double reached = ceilings(row).map(ceiling -> row.gbps() / bandwidth.of(ceiling)).orElse(null);
    String note = "";
    if (reached == null) {
      note = "the ceilings were not measured";
    } else if (reached < target) {
      note = reason(row, "");
    }
    goals.add(new Goal(group, name(row), measure, target, 1.0, reached, note));
  }

  private Optional<Ceilings> ceilings(SuiteRow row) {
    return ceilings.stream().filter(one -> one.threads() == row.threads()).findFirst();
  }

  /** The roofline's word: how near its own limit each of the two is. */
  private String reason(SuiteRow row, String rival) {
    Optional<Ceilings> found = ceilings(row);
    if (found.isEmpty()) {
      return "";
    }
    Roofline roofline = new Roofline(row, found.get());
    StringBuilder note = new StringBuilder(percent(roofline.share()));
    note.append(" of what ").append(roofline.bound()).append(" allows");
    row.ratio(rival)
        .filter(_ -> !rival.equals(SuiteRow.ONE_THREAD))
        .ifPresent(ratio -> {
          double theirs = roofline.denseMs(rival) / (ratio * row.ms());
          note.append("; ").append(rival).append(' ').append(percent(theirs)).append(" of its own");
        });
    return note.toString();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }
}
