package io.sparse24.bench;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.Session;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.bench.SuiteRow.Rival;
import io.sparse24.bench.SuiteRow.Work;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;

/** What the pictures show. */
final class SuitePlotsTest {
  private static final Ceilings TWO = new Ceilings(2, 20, 10, 100, 0);

  private static SuiteRow row(Work work, String dtype, long m, double gbps, Rival... rivals) {
    return new SuiteRow(
        work, "spmm24_x", dtype, m, 64, 128, 2, 1, gbps, 40 * m, 0, 0, false, List.of(rivals));
  }

  private static SuitePlots plots(List<Ceilings> ceilings, SuiteRow... rows) {
    try (Session session = Backends.open(ReferenceBackend.NAME)) {
      MachineFacts machine = MachineFacts.of(session);
      return new SuitePlots(
          new SuiteReport(
              machine, ceilings, Map.of(), Map.of(), List.of(rows), List.of(), List.of()));
    }
  }

  private static Rival rival(String name, double ms) {
    return new Rival(name, ms, 0.0, "");
  }

  private static XYSeries series(XYChart chart, String name) {
    return requireNonNull(chart.getSeriesMap().get(name));
  }

  @Test
  void theRooflineHasARoofForEachTypeThatHasAPeak() {
    XYChart chart =
        plots(
                List.of(TWO),
                row(Work.DECODE, "BF16", 1, 10),
                row(Work.DECODE, "F32", 1, 10),
                row(Work.PREFILL, "F32", 4, 5))
            .roofline()
            .orElseThrow();
    assertEquals(Set.of("BF16", "F32", "F32 ceiling"), chart.getSeriesMap().keySet());
    // Half of the dense form's operations are done: 20 GFLOP/s at 2 a byte, 80 at 16.
    assertEquals(2, series(chart, "F32").getXData()[0]);
    assertEquals(20, series(chart, "F32").getYData()[0]);
    assertEquals(16, series(chart, "F32").getXData()[1]);
    // The ridge is where 20 GB/s reach 100 GFLOP/s.
    double[] x = series(chart, "F32 ceiling").getXData();
    double[] y = series(chart, "F32 ceiling").getYData();
    assertEquals(5, x[1]);
    assertEquals(100, y[1]);
    assertEquals(20 * x[0], y[0]);
  }

  @Test
  void ratiosAreThoseOfOneWeight() {
    XYChart chart =
        plots(
                List.of(),
                row(Work.DECODE, "F32", 1, 10, rival("oneDNN", 1.5)),
                row(Work.DECODE, "F32", 4, 10, new Rival("oneDNN", null, null, "wrong")),
                row(Work.PREFILL, "F32", 64, 10, rival("oneDNN", 1.2)))
            .ratio()
            .orElseThrow();
    assertEquals(Set.of("F32 64 × 128 / oneDNN"), chart.getSeriesMap().keySet());
    double[] ratios = series(chart, "F32 64 × 128 / oneDNN").getYData();
    assertEquals(List.of(1.5, 1.2), java.util.Arrays.stream(ratios).boxed().toList());
  }

  @Test
  void whatWasNotMeasuredIsNotDrawn() {
    assertEquals(Map.of(), plots(List.of()).svg());
    SuitePlots scaling =
        plots(List.of(), row(Work.SCALING, "F32", 64, 1, rival(SuiteRow.ONE_THREAD, 2)));
    assertEquals(Set.of("threads"), scaling.svg().keySet());
    assertTrue(scaling.threads().orElseThrow().getSeriesMap().containsKey("F32 64 × 128, m = 64"));
  }
}
