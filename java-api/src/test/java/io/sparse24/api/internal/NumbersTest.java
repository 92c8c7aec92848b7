package io.sparse24.api.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparse24.api.Activation;
import io.sparse24.api.DType;
import io.sparse24.api.Op;
import io.sparse24.api.ScoreKind;
import io.sparse24.bindings.s24.S24;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What crosses the boundary as an ordinal has the number that the header gives its name. */
final class NumbersTest {
  @Test
  void ordinalsAreTheHeaders() throws ReflectiveOperationException {
    Map<String, Enum<?>[]> enums =
        Map.of(
            "S24_", DType.values(),
            "S24_OP_", Op.values(),
            "S24_ACT_", Activation.values(),
            "S24_SCORE_", ScoreKind.values());
    for (Map.Entry<String, Enum<?>[]> each : enums.entrySet()) {
      for (Enum<?> constant : each.getValue()) {
        String name = each.getKey() + constant.name();
        assertEquals(S24.class.getMethod(name).invoke(null), constant.ordinal(), name);
      }
    }
  }
}
