package io.sparse24.api.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Heuristic;
import io.sparse24.api.spi.BackendSession;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Heuristics from a file that a user names. */
final class HeuristicsFileTest {
  private static final String PROPERTY = "io.sparse24.heuristics.made_up";

  @TempDir Path dir = Path.of("");
  private final List<String> set = new ArrayList<>();

  @AfterEach
  void forget() {
    System.clearProperty(PROPERTY);
  }

  private void apply(String text) throws IOException {
    Path file = Files.writeString(dir.resolve("sm_90.inc"), text);
    System.setProperty(PROPERTY, file.toString());
    HeuristicsFile.apply("made_up", session());
  }

  private BackendSession session() {
    return (BackendSession)
        Proxy.newProxyInstance(
            BackendSession.class.getClassLoader(),
            new Class<?>[] {BackendSession.class},
            (proxy, method, args) -> {
              if (method.getName().equals("heuristics")) {
                return List.of(new Heuristic("rows", 8, 0, 64), new Heuristic("blocks", 1, 1, 4));
              }
              assertEquals("setHeuristic", method.getName());
              set.add(args[0] + "=" + args[1]);
              return null;
            });
  }

  @Test
  void linesSetHeuristicsByName() throws IOException {
    apply("// measured\n\nS24_VALUE(blocks, 4)  // instead of 1\nS24_VALUE(rows,16)\n");
    assertEquals(List.of("1=4", "0=16"), set);
  }

  @Test
  void withoutAFileNothingIsSet() {
    HeuristicsFile.apply("made_up", session());
    assertEquals(List.of(), set);
  }

  @Test
  void whatIsWrongIsNamedWithItsLine() {
    refused("rows = 3", "line 1: is 'rows = 3', must be S24_VALUE(name, value)");
    refused("\nS24_VALUE(rows, 65)", "line 2: rows is 65, must be 0 to 64");
    refused("S24_VALUE(row, 6)", "line 1: no heuristic is named row; there are [rows, blocks]");
    System.setProperty(PROPERTY, dir.resolve("missing").toString());
    String message =
        String.valueOf(
            assertThrows(
                    IllegalArgumentException.class,
                    () -> HeuristicsFile.apply("made_up", session()))
                .getMessage());
    assertTrue(message.contains("missing: can't be read as heuristics"), message);
  }

  private void refused(String text, String part) {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> apply(text)).getMessage());
    assertTrue(message.contains(part), message);
  }
}
