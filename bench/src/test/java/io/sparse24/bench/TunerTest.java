package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** On a backend whose heuristic is how long it waits. */
final class TunerTest {
  private static final List<Shape> TINY = List.of(new Shape("tiny", 8, 16));

  @AfterEach
  void repair() {
    FaultyBackend.milliseconds = 0;
    FaultyBackend.use(FaultyBackend.Fault.NONE);
  }

  private static Tuner tuner(String backend) {
    return new Tuner(new Tuner.Plan(backend, List.of(DType.F32), List.of(1L, 3L), TINY, 0, 0.02));
  }

  @Test
  void theFastestValueIsFoundAndWritten() {
    FaultyBackend.milliseconds = 3;
    List<Tuner.Setting> told = new ArrayList<>();
    Tuner.Result result = tuner(FaultyBackend.NAME).run(told::add);
    assertEquals(told, result.settings());
    Tuner.Setting setting = result.settings().getFirst();
    assertEquals("milliseconds", setting.name());
    assertEquals(3, setting.before());
    assertEquals(0, setting.value());
    assertTrue(setting.gain() > 1.01, setting.toString());
    String text = result.file();
    assertTrue(text.startsWith("// "), text);
    assertTrue(text.contains("\nS24_VALUE(milliseconds, 0)  // instead of 3: x "), text);
    assertEquals(0, FaultyBackend.milliseconds);
  }

  @Test
  void whatIsBestStays() {
    Tuner.Result result = tuner(FaultyBackend.NAME).run(_ -> {});
    assertEquals(List.of(new Tuner.Setting("milliseconds", 0, 0, 1)), result.settings());
    assertTrue(result.file().endsWith("\nS24_VALUE(milliseconds, 0)\n"), result.file());
  }

  @Test
  void aWrongKernelIsNotTimed() {
    FaultyBackend.use(FaultyBackend.Fault.LAST_BYTE_LATER);
    assertThrows(WrongResult.class, () -> tuner(FaultyBackend.NAME).run(_ -> {}));
  }

  @Test
  void aBackendWithoutHeuristicsSaysSo() {
    assertEquals(
        "backend reference has no heuristics to tune; cuda has",
        assertThrows(
                Sparse24Exception.Unsupported.class,
                () -> tuner(ReferenceBackend.NAME).run(_ -> {}))
            .getMessage());
  }
}
