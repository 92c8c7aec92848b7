package io.sparse24;

import static io.sparse24.WeightUpdateOracle.largest;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What goes when a percentage of a weight does, wherever it is. */
final class UnstructuredTest {
  private final Fixture fixture = new Fixture();

  static Stream<String> backends() {
    return PrunerTest.backends();
  }

  @Test
  void theSmallestGo() {
    for (int round = 0; round < 200; round++) {
      float[] scores = new float[1 + fixture.random.nextInt(40)];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = fixture.random.nextInt(6); // many ties
      }
      int count = fixture.random.nextInt(scores.length + 1);
      boolean[] kept = Smallest.drop(scores, count);
      boolean[] expected = new boolean[scores.length];
      for (int i = 0; i < scores.length; i++) {
        int before = 0;
        for (int o = 0; o < scores.length; o++) {
          before += scores[o] > scores[i] || (scores[o] == scores[i] && o < i) ? 1 : 0;
        }
        expected[i] = before < scores.length - count;
      }
      assertArrayEquals(expected, kept, Arrays.toString(scores) + " - " + count);
    }
  }

  /** Magnitude over the matrix, Wanda by row; as many go as the percentage says, rounded down. */
  @ParameterizedTest
  @MethodSource("backends")
  void unstructuredKeepsTheLargestAnywhere(String backend) {
    double[][] w = fixture.normal(7, 11);
    try (Session session = Backends.open(backend);
        ColumnNorms norms = new ColumnNorms(session, 11)) {
      norms.add(fixture.host(fixture.normal(5, 11), DType.F32), 1);
      Pattern pattern = Pattern.parse("30%");
      Matrix out = Matrix.allocate(fixture.arena, 7, 11, DType.F32);
      Pruner.magnitude().pruneDense(session, fixture.host(w, DType.F32), pattern, out);
      double[][] sizes = new double[7][11];
      for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 11; j++) {
          sizes[i][j] = Math.abs(w[i][j]);
        }
      }
      boolean[][] kept = largest(sizes, 23);
      Matrix rows = Matrix.allocate(fixture.arena, 7, 11, DType.F32);
      Pruner.wanda(norms).pruneDense(session, fixture.host(w, DType.F32), pattern, rows);
      for (int i = 0; i < 7; i++) {
        int zeros = 0;
        for (int j = 0; j < 11; j++) {
          assertEquals(kept[i][j] ? (float) w[i][j] : 0, out.get(i, j), "seed " + fixture.seed);
          zeros += rows.get(i, j) == 0 ? 1 : 0;
        }
        assertEquals(3, zeros, "seed " + fixture.seed);
      }
    }
    assertEquals("30%", Pattern.parse(" 30 %".strip()).toString());
    assertFalse(Pattern.unstructured(50).equals(Pattern.P2_4));
    for (String wrong : List.of("0%", "100%", "-3%", "x%", "%", "2:4%")) {
      assertThrows(IllegalArgumentException.class, () -> Pattern.parse(wrong), wrong);
    }
  }
}
