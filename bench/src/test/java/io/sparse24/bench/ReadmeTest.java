package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The part between the marks. */
final class ReadmeTest {
  private static final String BEGIN = "<!-- results: begin, by s24 report -->\n";
  private static final String END = "<!-- results: end -->\n";

  @Test
  void onlyWhatIsBetweenTheMarksIsReplaced() {
    assertEquals(
        "a\n" + BEGIN + "new\n" + END + "z\n",
        Readme.replace("a\n" + BEGIN + "old\nolder\n" + END + "z\n", "results", "new\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no marks\n", BEGIN, END, END + BEGIN, BEGIN + END + BEGIN + END})
  void marksMustBeThereOnce(String text) {
    assertThrows(IllegalArgumentException.class, () -> Readme.replace(text, "results", "new\n"));
  }
}
