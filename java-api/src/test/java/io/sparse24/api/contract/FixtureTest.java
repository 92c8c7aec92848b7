package io.sparse24.api.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.reference.ReferenceBackend;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a machine that was asked about a backend, tests of none are no answer. */
final class FixtureTest {
  @Test
  void whatWasAskedForIsTested() {
    assertEquals(List.of(ReferenceBackend.NAME), Fixture.demanded(ReferenceBackend.NAME));
  }

  @ParameterizedTest
  @ValueSource(strings = {"absent", "reference,absent", ""})
  void aBackendThatWasAskedForMustOpen(String names) {
    AssertionError e = assertThrows(AssertionError.class, () -> Fixture.demanded(names));
    assertTrue(String.valueOf(e.getMessage()).startsWith("s24.backends: "), e.toString());
  }
}
