package io.sparse24.cli.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.Session;
import io.sparse24.llm.SentenceBatch;
import io.sparse24.llm.SentenceEncoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The encoder and its tokenizer, beside ONNX Runtime and beside themselves. */
final class MiniLmTest {
  private static final List<String> SENTENCES =
      List.of(
          "Hello world",
          "a",
          "Straße, naïve café — 北京 🙂",
          "The river froze early that year, and the ferry stayed at its pier until the end of"
              + " March, which nobody in the village could remember.");

  private static final Arena ARENA = Arena.ofShared();
  private static Session session = Backends.open("auto");
  private static Tokenizer tokenizer = load();
  private static MiniLmWeights weights = weights();

  private static Tokenizer load() {
    try {
      return Tokenizer.load();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static MiniLmWeights weights() {
    try {
      return MiniLmWeights.load(ARENA);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    session.close();
    ARENA.close();
  }

  private static float[][] embed(List<String> sentences) {
    List<Linear> linears = new ArrayList<>();
    weights.layers().forEach(layer -> linears.add(Linear.dense(session, layer)));
    try (Arena arena = Arena.ofShared()) {
      return new SentenceEncoder(
              MiniLmWeights.CONFIG, weights.tables(), linears, SentenceEncoder.Probe.NONE)
          .embed(
              new SentenceBatch(
                  arena, MiniLmWeights.CONFIG, sentences.stream().map(tokenizer::encode).toList()));
    } finally {
      linears.forEach(Linear::close);
    }
  }

  @Test
  void ourEmbeddingsAreOnnxRuntimes() {
    float[][] ours = embed(SENTENCES);
    assertTrue(Demo.requireSameModel(OnnxRuntime.embed(SENTENCES), ours) >= 0.9999);
  }

  @Test
  void aSentenceIsTheSameAloneAndAmongOthers() {
    float[][] together = embed(SENTENCES);
    for (int s = 0; s < SENTENCES.size(); s++) {
      assertArrayEquals(together[s], embed(List.of(SENTENCES.get(s)))[0], 1e-5f);
    }
  }

  @Test
  void tokensHaveTheModelsIdsAndNoPadding() {
    assertArrayEquals(new int[] {101, 7592, 2088, 102}, tokenizer.encode("Hello world"));
    assertArrayEquals(new int[] {101, 102}, tokenizer.encode(""));
    assertEquals(3, tokenizer.encode("a").length);
  }

  @Test
  void aTextLongerThanTheModelsPositionsIsCut() {
    int[] ids = tokenizer.encode("word ".repeat(2000));
    assertTrue(ids.length <= MiniLmWeights.POSITIONS, "has " + ids.length + " tokens");
    assertEquals(101, ids[0]);
    assertEquals(102, ids[ids.length - 1]);
  }

  @Test
  void anEncoderThatIsNotTheModelEndsTheDemo() {
    float[][] theirs = circle(0, 10, 20, 30, 40, 50);
    assertTrue(Demo.requireSameModel(theirs, circle(0, 10, 20, 30, 40, 50.5)) >= 0.9999);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> Demo.requireSameModel(theirs, circle(0, 10, 20, 30, 40, 51)));
    assertTrue(String.valueOf(e.getMessage()).contains("0.999848, must be at least 0.9999"));
    float[][] broken = circle(0, 10, 20, 30, 40, 50);
    broken[3][0] = Float.NaN;
    assertThrows(IllegalStateException.class, () -> Demo.requireSameModel(theirs, broken));
  }

  private static float[][] circle(double... degrees) {
    float[][] points = new float[degrees.length][];
    for (int i = 0; i < degrees.length; i++) {
      double angle = Math.toRadians(degrees[i]);
      points[i] = new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
    }
    return points;
  }

  @Test
  void calibrationHasOnlyOtherSentences() throws IOException {
    HashSet<String> measured = new HashSet<>(Sentences.measured());
    assertEquals(Sentences.measured().size(), measured.size(), "a sentence is there twice");
    measured.retainAll(Sentences.calibration());
    assertTrue(measured.isEmpty(), measured.toString());
  }
}
