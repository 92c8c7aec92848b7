package io.sparse24.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What pruning a checkpoint tells its user. */
final class PruneReport {
  private PruneReport() {}

  /**
   * A weight.
   *
   * @param plan method, pattern, format, and what is put beside it
   * @param relativeError ‖X Wᵀ − X Ŵᵀ‖ / ‖X Wᵀ‖ over a crop of the text, if there is one
   * @param keptEnergy ‖Ŵ‖² / ‖W‖², if there is a text
   */
  record Pruned(
      String name,
      String plan,
      String dtype,
      List<Long> shape,
      long bytes,
      long storedBytes,
      double ms,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double relativeError,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double keptEnergy) {}

  /**
   * What a text was used for.
   *
   * @param forwardSeconds in passes of the crops through blocks
   * @param pruneSeconds in pruning
   * @param workingBytes bound on the memory a block took
   * @param resumedAt blocks that a killed run had done
   */
  record ByText(
      String text,
      int samples,
      int seq,
      long seed,
      double forwardSeconds,
      double pruneSeconds,
      long workingBytes,
      int resumedAt) {}

  /**
   * What was done.
   *
   * @param untouched tensors
   */
  record Done(
      List<Pruned> pruned, @Nullable ByText byText, int untouched, long bytesIn, long bytesOut) {}

  /** All that is told, as JSON too. */
  record Result(
      String in,
      String out,
      String method,
      String pattern,
      String format,
      String backend,
      List<Pruned> pruned,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable ByText byText,
      int untouched,
      long bytesIn,
      long bytesOut,
      double seconds) {}

  static void print(PrintWriter out, Result result) {
    printLayers(out, result);
    out.printf(
        Locale.ROOT,
        "%s pruned to %s by %s on backend %s, %s untouched: %,d -> %,d bytes"
            + " (%.1f %%) in %.1f s%n%s%n",
        Count.of(result.pruned().size(), "weight"),
        result.pattern(),
        result.method(),
        result.backend(),
        Count.of(result.untouched(), "tensor"),
        result.bytesIn(),
        result.bytesOut(),
        100.0 * result.bytesOut() / Math.max(result.bytesIn(), 1),
        result.seconds(),
        result.out());
    out.flush();
  }

  private static void printLayers(PrintWriter out, Result result) {
    ByText by = result.byText();
    if (by == null) {
      return;
    }
    for (Pruned pruned : result.pruned()) {
      out.printf(
          Locale.ROOT,
          "%-48s off by %5.1f %%, keeps %5.1f %% of its energy, %,.0f ms%n",
          pruned.name(),
          100 * orNothing(pruned.relativeError()),
          100 * orNothing(pruned.keptEnergy()),
          pruned.ms());
    }
    out.printf(
        Locale.ROOT,
        "%s of %,d tokens: forward passes %.1f s (%.0f %%), pruning %.1f s; at most %,d bytes for a"
            + " block%s%n",
        Count.of(by.samples(), "sample"),
        by.seq(),
        by.forwardSeconds(),
        100 * by.forwardSeconds() / Math.max(by.forwardSeconds() + by.pruneSeconds(), 1e-9),
        by.pruneSeconds(),
        by.workingBytes(),
        by.resumedAt() == 0
            ? ""
            : "; an earlier run had done " + Count.of(by.resumedAt(), "block"));
  }

  private static double orNothing(@Nullable Double value) {
    return value == null ? 0 : value;
  }
}
