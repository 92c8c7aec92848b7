package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.reference.ReferenceBackend;
import io.sparse24.llm.Method;
import io.sparse24.llm.Preset;
import io.sparse24.llm.StepTimes;
import io.sparse24.llm.TrainOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sparse training beside dense, as small as it goes. */
final class SlopeSuiteTest {
  @TempDir Path dir = Path.of("");

  @AfterEach
  void repair() {
    FaultyBackend.use(FaultyBackend.Fault.NONE);
  }

  static Stream<String> backends() {
    return Boolean.getBoolean("s24.native.skip")
        ? Stream.of(ReferenceBackend.NAME)
        : Stream.of(ReferenceBackend.NAME, "cpu");
  }

  private TrainOptions training() throws IOException {
    Path text = Files.writeString(dir.resolve("text.txt"), "int next = last + 1;\n".repeat(400));
    return TrainOptions.of(text.toString(), Preset.MICRO, Method.DENSE).withSteps(25);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void eachPartIsInTheReportThatIsToldOfIt(String backend) throws IOException {
    SlopeSuite suite = new SlopeSuite(SlopeSuite.Plan.quick(backend, 0, training()), Peers.NONE);
    List<SlopeReport> told = new ArrayList<>();
    SlopeReport report = suite.run(told::add);
    assertEquals(suite.parts(), told.size());
    assertEquals(report, told.getLast());
    assertEquals(SlopeRuns.METHODS, report.runs().stream().map(SlopeReport.Run::method).toList());
    // Adapters are much of so small a model.
    long[] bytes = report.runs().stream().mapToLong(SlopeReport.Run::memoryBytes).toArray();
    assertTrue(bytes[1] < bytes[0] && bytes[1] < bytes[2] && bytes[1] < bytes[4]);
    for (SlopeReport.Run run : report.runs()) {
      assertEquals(25, run.losses().size());
      assertEquals(run.validationLoss(), run.validation().getLast().loss());
      assertTrue(run.losses().getFirst() > run.losses().getLast(), run::toString);
    }
    assertEquals(
        List.of("F32", "BF16"), report.layers().stream().map(SlopeReport.Layer::dtype).toList());
    for (SlopeReport.Layer layer : report.layers()) {
      for (StepTimes ms : List.of(layer.slope(), layer.dense(), layer.products())) {
        assertTrue(ms.forward() > 0 && ms.optimizer() > 0 && ms.step() > ms.forward());
      }
      assertEquals(List.of(SuiteRow.DENSE, SuiteRow.DENSE, SuiteRow.DENSE), layer.fastest());
      assertTrue(layer.memory() < 1);
    }
    assertEquals(2 * 2, report.lowRanks().size()); // both ranks are the least
    assertEquals(2 + 2 + 2, report.goals().size());

    String text = new SlopeMarkdown(report).full();
    for (String method : SlopeRuns.METHODS) {
      assertTrue(text.contains("| " + method + " "), text);
    }
    assertTrue(text.contains("F32 64 × 96, m = 32"), text);
    Map<String, String> pictures = new SlopePlots(report).svg();
    assertEquals(List.of("loss", "step"), List.copyOf(pictures.keySet()));
    assertTrue(pictures.values().stream().allMatch(svg -> svg.contains("<svg")));
  }

  @Test
  void layersCanBeHadWithoutRuns() throws IOException {
    SlopeSuite suite =
        new SlopeSuite(SlopeSuite.Plan.quick(ReferenceBackend.NAME, 0, null), Peers.NONE);
    SlopeReport report = suite.run(_ -> {});
    assertEquals(List.of(), report.runs());
    assertEquals(2 + 2, report.goals().size());
    assertEquals(Map.of(), new SlopePlots(report).svg());
  }

  @Test
  void runsCanBeHadWithoutLayers() throws IOException {
    SlopeSuite suite =
        new SlopeSuite(
            SlopeSuite.Plan.quick(ReferenceBackend.NAME, 0, training()).withoutLayers(),
            Peers.NONE);
    SlopeReport report = suite.run(_ -> {});
    assertEquals(List.of(), report.layers());
    assertEquals(5, report.runs().size());
    assertEquals(2, report.goals().size());
  }

  @Test
  void aWrongKernelEndsTheRun() {
    for (FaultyBackend.Fault fault :
        List.of(FaultyBackend.Fault.IDLE, FaultyBackend.Fault.LAST_BYTE)) {
      FaultyBackend.use(fault);
      SlopeSuite suite =
          new SlopeSuite(SlopeSuite.Plan.quick(FaultyBackend.NAME, 0, null), Peers.NONE);
      assertThrows(RuntimeException.class, () -> suite.run(_ -> {}));
    }
  }

  private static SlopeReport.Run run(String method, double loss) {
    StepTimes none = new StepTimes(0, 0, 0, 0, 0);
    return new SlopeReport.Run(method, loss, none, 1, 1, List.of(), List.of());
  }

  private static SlopeReport.Layer layer(String dtype, double slope, double dense, double memory) {
    StepTimes ofSlope = new StepTimes(slope, slope, slope, slope, 4 * slope);
    StepTimes ofDense = new StepTimes(dense, dense, dense, dense, 4 * dense);
    return new SlopeReport.Layer(
        dtype, 1, 4, 4, 1, ofSlope, ofDense, ofDense, List.of("a", "b", "c"), memory, 0);
  }

  @Test
  void targetsAreComparedWithWhatWasMeasured() {
    List<Goal> goals =
        SlopeGoals.of(
            List.of(
                run(SlopeReport.DENSE, 1.0),
                run(SlopeReport.SLOPE, 1.07),
                run(SlopeReport.ADAPTERS, 1.02)),
            List.of(layer("F32", 1, 1.3, 0.58), layer("BF16", 1, 0.9, 0.7)),
            new SlopeSuite.Targets(1.2, 1, 0.65));
    assertEquals(
        List.of("met", "missed", "met", "missed", "met", "missed"),
        goals.stream().map(Goal::verdict).toList());
    assertEquals("+2.0 %, at most +3 %", goals.get(0).note());
    assertEquals("+7.0 %, at most +6 %", goals.get(1).note());
    assertEquals("× forward 0.90, BWD-1 0.90, BWD-2 0.90, optimizer 0.90", goals.get(3).note());
  }
}
