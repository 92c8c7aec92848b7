package io.sparse24.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Locale;

/**
 * A measurement with what it depends on.
 *
 * @param machine the facts
 * @param rows the rows
 */
@JsonPropertyOrder({"machine", "rotated_bytes", "rows"})
public record BenchReport(MachineFacts machine, List<BenchRow> rows) {
  /**
   * The least memory that the calls of a row went through in turn; the operands came from DRAM if
   * that is more than the caches hold.
   *
   * @return bytes, 0 without rows
   */
  @JsonProperty("rotated_bytes")
  public long rotatedBytes() {
    return rows.stream().mapToLong(BenchRow::rotatedBytes).min().orElse(0);
  }

  /**
   * As aligned text.
   *
   * @return lines
   */
  public String table() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s, tier %s, %d thread%s, Java %s; one-thread copy %.1f GB/s, read %.1f GB/s%n"
            .formatted(
                machine.device(),
                machine.isa(),
                machine.threads(),
                machine.threads() == 1 ? "" : "s",
                machine.java(),
                machine.copyGbps(),
                machine.readGbps()));
    text.append(
        "%-16s %-30s %5s %6s %6s %9s %7s %8s %8s %6s %9s %6s%n"
            .formatted(
                "op", "kernel", "m", "n", "k", "ms", "GB/s", "GFLOP/s", "error", "peer", "peer ms",
                "ratio"));
    for (BenchRow row : rows) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-16s %-30s %5d %6d %6d %9.4f %7.1f %8.1f %8.1e %6s %9s %6s%n",
              row.op(),
              row.kernel(),
              row.m(),
              row.n(),
              row.k(),
              row.ms(),
              row.gbps(),
              row.gflops(),
              row.maxRelError(),
              row.peer() == null ? "-" : row.peer(),
              row.peerMs() == null ? "-" : String.format(Locale.ROOT, "%.4f", row.peerMs()),
              row.ratio() == null ? "-" : String.format(Locale.ROOT, "%.2f", row.ratio())));
    }
    return text.toString();
  }
}
