package io.sparse24.bench;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.bench.GpuSuite.Planned;
import io.sparse24.bench.SuiteRow.Rival;
import io.sparse24.bench.SuiteRow.Work;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The GPU's suite on tiny shapes, on a backend that is none. */
final class GpuSuiteTest {
  @AfterEach
  void repair() {
    FaultyBackend.use(FaultyBackend.Fault.NONE);
  }

  @Test
  void eachRowIsInTheReportThatIsToldOfIt() {
    GpuSuite suite = new GpuSuite(GpuSuite.Plan.quick(ReferenceBackend.NAME, 600));
    List<SuiteReport> told = new ArrayList<>();
    SuiteReport report = suite.run(told::add);
    assertEquals(suite.rows(), report.rows().size());
    for (int i = 0; i < told.size(); i++) {
      assertEquals(i + 1, told.get(i).rows().size());
      assertEquals(report.goals().size(), told.get(i).goals().size());
    }
    for (SuiteRow row : report.rows()) {
      boolean product = !List.of(Work.PRUNE, Work.PRUNE_BOTH, Work.NORMS).contains(row.work());
      assertEquals(product, row.ratio(SuiteRow.DENSE).isPresent(), row.toString());
      assertEquals(product ? 3 : 0, row.rivals().size());
    }
    assertTrue(report.rows().stream().anyMatch(SuiteRow::warm));
    String text = new SuiteMarkdown(report).full();
    assertTrue(text.contains("no cuBLASLt here; × "), text);
    assertTrue(text.contains("| weights |"), text);
  }

  @Test
  void whatThereIsNoTimeForIsATargetNotMeasured() {
    GpuSuite suite = new GpuSuite(GpuSuite.Plan.quick(ReferenceBackend.NAME, 1e-9));
    SuiteReport report = suite.run(_ -> {});
    assertEquals(List.of(), report.rows());
    assertFalse(report.goals().isEmpty());
    for (Goal goal : report.goals()) {
      assertEquals("not measured", goal.verdict());
      assertEquals("the time was up", goal.note());
    }
  }

  @Test
  void aWrongKernelEndsTheRun() {
    FaultyBackend.use(FaultyBackend.Fault.IDLE);
    GpuSuite suite = new GpuSuite(GpuSuite.Plan.quick(FaultyBackend.NAME, 600));
    assertThrows(RuntimeException.class, () -> suite.run(_ -> {}));
  }

  private static SuiteRow row(Planned planned, double ms, double gbps, Rival... rivals) {
    return new SuiteRow(
        planned.work(),
        "x_y_z",
        planned.dtype().name(),
        planned.m(),
        planned.shape().n(),
        planned.shape().k(),
        1,
        ms,
        gbps,
        1,
        0,
        0,
        planned.warm(),
        List.of(rivals));
  }

  @Test
  void targetsAreComparedWithWhatTheRowsSay() {
    Shape shape = new Shape("some", 4096, 4096);
    Planned cold = new Planned(Work.DECODE, DType.BF16, 1, shape, false);
    Planned warm = new Planned(Work.DECODE, DType.BF16, 1, shape, true);
    Planned square = new Planned(Work.SQUARE, DType.BF16, 4096, shape, false);
    Planned prune = new Planned(Work.PRUNE, DType.BF16, 0, shape, false);
    Planned both = new Planned(Work.PRUNE_BOTH, DType.BF16, 0, shape, false);
    Rival vendor = new Rival(SuiteRow.CUBLASLT, 0.17, 0.0, "");
    List<Goal> goals =
        GpuGoals.of(
            List.of(cold, warm, square, prune, both),
            List.of(
                row(cold, 0.1, 1500, vendor),
                row(warm, 0.2, 1500, vendor),
                row(square, 0.1, 1, new Rival(SuiteRow.CUSPARSELT, null, null, "no driver")),
                row(both, 0.125, 1300)),
            List.of(new Ceilings(1, 0, 2000, 0, 0)),
            List.of(new SuiteReport.CallCost("spmm24", 2000, 1900)));
    assertEquals(
        List.of(
            "met", "missed", "missed", "not measured", "not measured", "missed", "missed", "met"),
        goals.stream().map(Goal::verdict).toList());
    assertEquals(1.7, requireNonNull(goals.getFirst().reached()), 1e-12);
    assertEquals(0.75, requireNonNull(goals.get(1).reached()), 1e-12);
    assertEquals("moves 75 % of what a copy does", goals.get(2).note());
    assertEquals("no driver", goals.get(3).note());
    assertEquals("the time was up", goals.get(4).note());
    assertEquals(0.65, requireNonNull(goals.get(5).reached()), 1e-12);
    assertEquals(0.8, requireNonNull(goals.get(6).reached()), 1e-12);
    assertEquals("100 ns more", goals.get(7).note());
  }

  @Test
  void productsOfEightBitsHaveTargetsOfTheirOwn() {
    Shape shape = new Shape("some", 4096, 4096);
    Planned decode = new Planned(Work.DECODE, DType.F8_E4M3, 1, shape, false);
    Planned square = new Planned(Work.SQUARE, DType.F8_E4M3, 4096, shape, false);
    List<Goal> goals =
        GpuGoals.of(
            List.of(decode, square),
            List.of(
                row(decode, 0.1, 1500, new Rival(SuiteRow.CUBLASLT, 0.14, 0.0, "")),
                row(square, 0.1, 1, new Rival(SuiteRow.CUSPARSELT, 0.09, 0.0, ""))),
            List.of(),
            List.of());
    assertEquals(List.of("met", "missed"), goals.stream().map(Goal::verdict).toList());
    assertEquals("spmm24 E4M3, few tokens", goals.getFirst().group());
    assertEquals(1.35, goals.getFirst().target());
    assertEquals("× " + SuiteRow.CUSPARSELT, goals.getLast().measure());
  }
}
