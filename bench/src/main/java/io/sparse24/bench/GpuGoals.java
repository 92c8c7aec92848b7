package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.bench.GpuSuite.Planned;
import io.sparse24.bench.SuiteRow.Rival;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The targets of the CUDA kernels against rows of their suite; a row without time is one too. */
final class GpuGoals {
  private static final double DECODE = 1.5;
  private static final double DECODE_E4M3 = 1.35;
  private static final double NEVER_BELOW = 1.0;

  /** Shares of the copy bandwidth. */
  private static final double DECODE_BYTES = 0.85;

  private static final double PRUNE_BYTES = 0.7;
  private static final double NORMS_BYTES = 0.85;

  /** Of a weight of 4096 × 4096 and its transpose: a small part of a training step. */
  private static final double PRUNE_BOTH_MS = 0.1;

  /** What a call may cost more than the C function. */
  private static final double CALL_NS = 1000;

  /** From this side on a square is large. */
  private static final long LARGE = 4096;

  /** Dense bytes over packed bytes of BF16; half of the multiplications are saved. */
  private static final double BYTES = 16 / 9.0;

  /** The same of E4M3: its mask is an eighth of the dense bytes, not a sixteenth. */
  private static final double BYTES_E4M3 = 8 / 5.0;

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
      if (one.dtype() == DType.F8_E4M3) {
        all.e4m3(one);
        continue;
      }
      switch (one.work()) {
        case DECODE -> {
          all.ratio("few tokens", one, SuiteRow.CUBLASLT, DECODE, BYTES);
          if (!one.warm()) {
            all.share("spmm24 BF16, few tokens", one, DECODE_BYTES);
          }
        }
        case PREFILL -> {
          all.ratio("64 to 256 tokens", one, SuiteRow.CUBLASLT, NEVER_BELOW, FLOPS);
          all.ratio("64 to 256 tokens", one, SuiteRow.CUSPARSELT, NEVER_BELOW, null);
        }
        case SQUARE -> {
          if (one.m() >= LARGE) {
            all.ratio("large squares", one, SuiteRow.CUSPARSELT, NEVER_BELOW, null);
          } else {
            all.ratio("small squares", one, SuiteRow.CUBLASLT, NEVER_BELOW, FLOPS);
          }
        }
        case PRUNE -> all.share("prune24 by Wanda", one, PRUNE_BYTES);
        case PRUNE_BOTH -> {
          all.share("prune and compress W and Wᵀ", one, PRUNE_BYTES);
          if (one.shape().n() == LARGE && one.shape().k() == LARGE) {
            all.within("prune and compress W and Wᵀ", one, PRUNE_BOTH_MS);
          }
        }
        case NORMS -> all.share("accumulate_norms", one, NORMS_BYTES);
        case SCALING -> {}
      }
    }
    calls.forEach(all::call);
    return all.goals;
  }

  private void e4m3(Planned one) {
    switch (one.work()) {
      case DECODE -> ratio("few tokens", one, SuiteRow.CUBLASLT, DECODE_E4M3, BYTES_E4M3);
      case PREFILL -> ratio("64 to 256 tokens", one, SuiteRow.CUSPARSELT, NEVER_BELOW, null);
      case SQUARE -> ratio("squares", one, SuiteRow.CUSPARSELT, NEVER_BELOW, null);
      case SCALING, PRUNE, PRUNE_BOTH, NORMS -> {}
    }
  }

  private Optional<SuiteRow> row(Planned planned) {
    return rows.stream().filter(planned::isOf).findFirst();
  }

  private static String type(Planned planned) {
    return planned.dtype() == DType.F8_E4M3 ? "E4M3" : planned.dtype().name();
  }

  private static String name(Planned planned) {
    return planned.op().id()
        + " "
        + type(planned)
        + " "
        + planned.shape().n()
        + " × "
        + planned.shape().k()
        + (planned.m() > 0 ? ", m = " + planned.m() : "")
        + (planned.warm() ? ", warm" : "");
  }

  private void ratio(
      String group, Planned planned, String rival, double target, @Nullable Double limit) {
    Optional<SuiteRow> row = row(planned);
    Double reached = row.flatMap(one -> one.ratio(rival)).orElse(null);
    String note =
        row.map(one -> reached == null ? absent(one, rival) : copied(one))
            .orElse("the time was up");
    goals.add(
        new Goal(
            "spmm24 " + type(planned) + ", " + group + (planned.warm() ? ", warm" : ""),
            name(planned),
            "× " + rival,
            target,
            limit,
            reached,
            reached != null && reached >= target ? "" : note));
  }

  /** Why there is no such time, and what there is instead. */
  private static String absent(SuiteRow row, String name) {
    String why =
        row.rivals().stream()
            .filter(rival -> rival.name().equals(name))
            .map(Rival::absent)
            .findFirst()
            .orElse("no " + name + " here");
    return row.ratio(SuiteRow.DENSE)
        .map(ratio -> why + String.format(Locale.ROOT, "; × %.2f our dense product", ratio))
        .orElse(why);
  }

  private void share(String group, Planned planned, double target) {
    Optional<SuiteRow> row = row(planned);
    Double reached = row.flatMap(this::ofCopy).orElse(null);
    String note = "";
    if (reached == null) {
      note = row.isEmpty() ? "the time was up" : "the device's copy was not measured";
    }
    goals.add(new Goal(group, name(planned), "of the copy bandwidth", target, null, reached, note));
  }

  private void within(String group, Planned planned, double ms) {
    Optional<SuiteRow> row = row(planned);
    goals.add(
        new Goal(
            group,
            name(planned),
            ms + " ms over its time",
            1.0,
            null,
            row.map(one -> ms / one.ms()).orElse(null),
            row.isEmpty() ? "the time was up" : ""));
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
    double more = cost.sessionNs() - cost.functionNs();
    goals.add(
        new Goal(
            "a call from Java",
            cost.op() + ", queued",
            "a microsecond over what Java adds",
            1.0,
            null,
            CALL_NS / Math.max(more, 1),
            String.format(Locale.ROOT, "%.0f ns more", more)));
  }
}
