package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Points on a circle, whose cosines and neighbours are known. */
final class AgreementTest {
  private static float[][] circle(double... degrees) {
    float[][] points = new float[degrees.length][];
    for (int i = 0; i < degrees.length; i++) {
      double angle = Math.toRadians(degrees[i]);
      points[i] = new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
    }
    return points;
  }

  @Test
  void theSameIsInFullAgreement() {
    float[][] points = circle(0, 10, 25, 45, 70, 100, 135);
    Agreement same = Agreement.of(points, points);
    assertEquals(1, same.cosineMean(), 1e-6);
    assertEquals(1, same.cosineMin(), 1e-6);
    assertEquals(1, same.top5());
  }

  @Test
  void meanAndLeastCosine() {
    Agreement turned = Agreement.of(circle(0, 0, 0, 0, 0, 0, 0), circle(0, 60, 60, 90, 120, 0, 0));
    assertEquals((3 + 0.5 + 0.5 + 0 - 0.5) / 7, turned.cosineMean(), 1e-6);
    assertEquals(-0.5, turned.cosineMin(), 1e-6);
  }

  @Test
  void sharedNeighbours() {
    // Seven points; each lacks one other among its five nearest: the one farthest away.
    float[][] line = circle(0, 1, 3, 6, 10, 15, 21);
    // The last two change places, so that for the first five the farthest is another, while the
    // two themselves still lack the first.
    float[][] swapped = circle(0, 1, 3, 6, 10, 21, 15);
    assertEquals((5 * 4 + 2 * 5) / 35.0, Agreement.of(line, swapped).top5(), 1e-12);
  }

  @Test
  void aQueryIsNotItsOwnNeighbour() {
    // Of six, the five others are found whatever happens; with the query among them one would lack.
    assertEquals(
        1, Agreement.of(circle(0, 1, 2, 3, 4, 90), circle(90, 4, 180, 1, 60, 0)).top5(), 1e-12);
  }

  @Test
  void ofFewSentencesAllOthersAreRanked() {
    assertEquals(1, Agreement.of(circle(0, 10, 30), circle(5, 90, 50)).top5(), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> Agreement.of(circle(0), circle(0)));
  }
}
