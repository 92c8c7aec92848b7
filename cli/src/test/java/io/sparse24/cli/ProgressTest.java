package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests have no terminal: progress is plain lines. */
final class ProgressTest {
  private final StringWriter err = new StringWriter();

  private Progress progress(long total) {
    return new Progress(new PrintWriter(err, true), "work", total);
  }

  private List<String> lines() {
    return err.toString().lines().toList();
  }

  @Test
  void oneLineATenthHoweverManySteps() {
    try (Progress progress = progress(1000)) {
      for (int i = 0; i < 1000; i++) {
        progress.step(1, "step " + i);
      }
    }
    assertEquals(10, lines().size());
    assertEquals("work: 10 % (step 99)", lines().get(0));
    assertEquals("work: 100 % (step 999)", lines().get(9));
  }

  @Test
  void aLargeStepIsOneLine() {
    try (Progress progress = progress(10)) {
      progress.step(7, "most");
      progress.step(3, "the rest");
    }
    assertEquals(List.of("work: 70 % (most)", "work: 100 % (the rest)"), lines());
  }

  @Test
  void neverMoreThanAll() {
    try (Progress progress = progress(2)) {
      for (int i = 0; i < 5; i++) {
        progress.step(1, "more than was said");
      }
    }
    assertEquals(
        List.of("work: 50 % (more than was said)", "work: 100 % (more than was said)"), lines());
  }
}
