package io.sparse24.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples run and say what they should; what the README quotes is what runs. */
final class ExamplesTest {
  private interface Program {
    void run() throws Exception;
  }

  private static String output(Program program) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, UTF_8));
    try {
      program.run();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(UTF_8);
  }

  @BeforeEach
  void needsTheCpuBackend() {
    assumeFalse(Boolean.getBoolean("s24.native.skip"), "built without native kernels");
  }

  @Test
  void firstExample(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("w.safetensors");
    // One tensor "w" of F32 [2, 4]: row 0 is 3 1 -2 0, row 1 is 0 0 0 9; x picks column 0.
    byte[] header =
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]}}      ".getBytes(UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + 32).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header);
    for (float v : new float[] {3, 1, -2, 0, 0, 0, 0, 9}) {
      bytes.putFloat(v);
    }
    Files.write(file, bytes.array());
    String out = output(() -> FirstExample.main(new String[] {file.toString(), "w"}));
    assertTrue(out.matches("y\\[0\\] = 3\\.0 from \\d+ bytes\\R"), out);
  }

  @Test
  void wandaExample() throws Exception {
    Matcher matcher =
        Pattern.compile("magnitude: (0\\.\\d+)\\R" + "wanda: +(0\\.\\d+)\\R")
            .matcher(output(() -> WandaExample.main(new String[0])));
    assertTrue(matcher.matches());
    assertTrue(Double.parseDouble(matcher.group(2)) < Double.parseDouble(matcher.group(1)));
  }

  @Test
  void int8Example() throws Exception {
    Matcher matcher =
        Pattern.compile("from (\\d+) bytes\\Rinstead of (\\d+)\\Rerror: (0\\.\\d+)\\R")
            .matcher(output(() -> Int8Example.main(new String[0])));
    assertTrue(matcher.matches());
    assertTrue(Integer.parseInt(matcher.group(1)) < 0.6 * Integer.parseInt(matcher.group(2)));
    assertTrue(Double.parseDouble(matcher.group(3)) < 0.02);
  }

  @Test
  void slopeExample() throws Exception {
    String out = output(() -> SlopeExample.main(new String[0]));
    double[] losses =
        Pattern.compile("step \\d+: loss (\\d\\.\\d+)\\R")
            .matcher(out)
            .results()
            .mapToDouble(step -> Double.parseDouble(step.group(1)))
            .toArray();
    assertEquals(5, losses.length, out);
    assertTrue(losses[4] < losses[0] / 10, out);
    assertTrue(out.endsWith("of dense: 0.58 (SLoPe's paper, whole models: 0.63 to 0.68)\n"), out);
  }

  @Test
  void serverExample() throws Exception {
    List<String> lines = output(() -> ServerExample.main(new String[0])).lines().sorted().toList();
    assertEquals(8, lines.size());
    for (int i = 0; i < 8; i++) {
      assertEquals("request " + i + ": y[" + i + "] = " + i, lines.get(i));
    }
  }

  @Test
  void theReadmeQuotesTheFirstExample() throws Exception {
    Path root = Path.of(System.getProperty("s24.root"));
    String source =
        Files.readString(
            root.resolve("examples/src/main/java/io/sparse24/examples/FirstExample.java"));
    String region =
        source
            .substring(source.indexOf("@start region=\"first\"") + 21, source.indexOf("  // @end"))
            .replaceAll("(?m)^  ", "")
            .strip();
    assertTrue(region.lines().count() <= 15, region);
    assertTrue(
        Files.readString(root.resolve("README.md")).contains("```java\n" + region + "\n```"),
        "README.md must quote this:\n" + region);
  }
}
