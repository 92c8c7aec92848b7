package io.sparse24.bench;

import io.sparse24.bench.GpuSuite.Planned;
import io.sparse24.bench.SuiteRow.Rival;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The targets of the CUDA kernels against rows of their suite; a row without time is one too. */
final class GpuGoals {
  private static final double DECODE = 1.6;
  private static final double NEVER_BELOW = 1.0;
  private static final double LARGE_SQUARE = 1.5;
  private static final double OF_COPY = 0.8;
  private static final double OF_C_CALLS = 0.9;

  /** From this side on a square is large. */
  private static final long LARGE = 4096;

  /** Dense bytes over packed bytes of BF16; half of the multiplications are saved. */
  private static final double BYTES = 16 / 9.0;

  private static final double FLOPS = 2;

  private final List<SuiteRow> rows;
  private final List<Ceilings> ceilings;
  private final List<Goal> goals = new ArrayList<>();

  private GpuGoals(List<SuiteRow> rows, List<Ceilings> ceilings) {
    this.rows = rows;
    this.ceilings = ceilings;
  }

  /** All of them, in the order of the plan. */
  static List<Goal> of(
      List<Planned> planned,
      List<SuiteRow> rows,
      List<Ceilings> ceilings,
      List<SuiteReport.CallCost> calls) {
    GpuGoals all = new GpuGoals(rows, ceilings);
    for (Planned one : planned) {
      switch (one.work()) {
        case DECODE -> {
          all.ratio("few tokens", one, DECODE, BYTES);
          if (!one.warm()) {
            all.share("spmm24 BF16, few tokens", one);
          }
        }
        case PREFILL -> all.ratio("64 to 256 tokens", one, NEVER_BELOW, FLOPS);
        case SQUARE -> {
          boolean large = one.m() >= LARGE;
          all.ratio(
              large ? "large squares" : "small squares",
              one,
              large ? LARGE_SQUARE : NEVER_BELOW,
              FLOPS);
        }
        case PRUNE -> all.share("prune24 by Wanda", one);
        case NORMS -> all.share("accumulate_norms", one);
        case SCALING -> {}
      }
    }
    calls.forEach(all::call);
    return all.goals;
  }

  private Optional<SuiteRow> row(Planned planned) {
    return rows.stream().filter(planned::isOf).findFirst();
  }

  private static String name(Planned planned) {
    String op =
        switch (planned.work()) {
          case PRUNE -> "prune24";
          case NORMS -> "accumulate_norms";
          default -> "spmm24";
        };
    return op
        + " "
        + planned.dtype()
        + " "
        + planned.shape().n()
        + " × "
        + planned.shape().k()
        + (planned.m() > 0 ? ", m = " + planned.m() : "")
        + (planned.warm() ? ", warm" : "");
  }

  private void ratio(String group, Planned planned, double target, double limit) {
    Optional<SuiteRow> row = row(planned);
    Double reached = row.flatMap(one -> one.ratio(SuiteRow.CUBLASLT)).orElse(null);
    String note =
        row.map(one -> reached == null ? absent(one) : copied(one)).orElse("the time was up");
    goals.add(
        new Goal(
            "spmm24 BF16, " + group + (planned.warm() ? ", warm" : ""),
            name(planned),
            "× " + SuiteRow.CUBLASLT,
            target,
            limit,
            reached,
            reached != null && reached >= target ? "" : note));
  }

  /** Why there is no such time, and what there is instead. */
  private static String absent(SuiteRow row) {
    String why =
        row.rivals().stream()
            .filter(rival -> rival.name().equals(SuiteRow.CUBLASLT))
            .map(Rival::absent)
            .findFirst()
            .orElse("no " + SuiteRow.CUBLASLT + " here");
    return row.ratio(SuiteRow.DENSE)
        .map(ratio -> why + String.format(Locale.ROOT, "; × %.2f our dense product", ratio))
        .orElse(why);
  }

  private void share(String group, Planned planned) {
    Optional<SuiteRow> row = row(planned);
    Double reached = row.flatMap(this::ofCopy).orElse(null);
    String note = "";
    if (reached == null) {
      note = row.isEmpty() ? "the time was up" : "the device's copy was not measured";
    }
    goals.add(
        new Goal(group, name(planned), "of the copy bandwidth", OF_COPY, null, reached, note));
  }

  private Optional<Double> ofCopy(SuiteRow row) {
    return ceilings.stream().findFirst().map(one -> row.gbps() / one.copyGbps());
  }

  private String copied(SuiteRow row) {
    return ofCopy(row)
        .map(share -> String.format(Locale.ROOT, "moves %.0f %% of what a copy does", 100 * share))
        .orElse("");
  }

  private void call(SuiteReport.CallCost cost) {
    @Nullable Double reached = cost.sessionNs() > 0 ? cost.functionNs() / cost.sessionNs() : null;
    goals.add(
        new Goal(
            "a call from Java",
            cost.op() + ", queued",
            "of the C function's rate",
            OF_C_CALLS,
            1.0,
            reached,
            String.format(Locale.ROOT, "%.0f ns more", cost.sessionNs() - cost.functionNs())));
  }
}
