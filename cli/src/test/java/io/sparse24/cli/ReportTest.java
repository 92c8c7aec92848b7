package io.sparse24.cli;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparse24.bench.QualityMarkdown;
import io.sparse24.bench.QualityReport;
import io.sparse24.bench.Readme;
import io.sparse24.bench.SlopeMarkdown;
import io.sparse24.bench.SlopeReport;
import io.sparse24.bench.SuiteMarkdown;
import io.sparse24.bench.SuiteReport;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

/** From a small result to its tables and pictures. */
final class ReportTest {
  private static final String MARKS =
      "# Title\n<!-- results: begin, by s24 report -->\nold\n<!-- results: end -->\nrest\n";

  private static final Path ROOT = Path.of(requireNonNull(System.getProperty("s24.root")));

  @TempDir Path dir = Path.of("");
  private Path result = Path.of("");

  @BeforeEach
  void copyResult() throws IOException {
    result = dir.resolve("small.json");
    try (InputStream in = requireNonNull(ReportTest.class.getResourceAsStream("suite.json"))) {
      Files.copy(in, result);
    }
  }

  private static List<String> cells(String line) {
    return List.of(line.substring(1, line.length() - 1).split("\\|")).stream()
        .map(String::strip)
        .toList();
  }

  @Test
  void theTablesHaveEachTargetAndEachRow() throws IOException {
    S24.good("report", result);
    List<String> lines = Files.readAllLines(dir.resolve("small.md"));
    assertEquals("# small", lines.getFirst());
    assertTrue(
        lines.contains(
            "2 threads: reads 36.0 GB/s, copies 30.0 GB/s, F32 200 GFLOP/s, BF16 400"
                + " GFLOP/s."));
    List<List<String>> rows =
        lines.stream().filter(line -> line.startsWith("|")).map(ReportTest::cells).toList();
    // Three tables with a head and a rule: targets, times, ratios.
    assertEquals((4 + 2) + (5 + 2) + (5 + 2), rows.size());
    assertEquals(
        List.of("work", "measure", "target", "limit", "reached", "verdict", "note"), rows.get(0));
    assertEquals(
        List.of("spmm24 BF16 4096 × 4096, m = 1", "× oneDNN", "1.65", "1.78", "1.70", "met", ""),
        rows.get(2));
    assertEquals("missed", rows.get(3).get(5));
    assertEquals("not measured", rows.get(5).get(5));
    assertEquals(
        List.of(
            "work",
            "type",
            "n × k",
            "m",
            "threads",
            "ms",
            "GB/s",
            "GFLOP/s",
            "Sparse24 dense",
            "oneDNN",
            "LibTorch",
            "one thread"),
        rows.get(6));
    assertEquals(List.of("0.800", "0.850", "–", "–"), rows.get(8).subList(8, 12));
    assertEquals(List.of("1.60", "1.70", "–", "–"), rows.get(15).subList(5, 9));
    assertTrue(lines.contains("- not measured: OpenBlas: not found"));
    assertTrue(lines.contains("- not measured: LibTorch, BF16: wrong"));
    assertTrue(lines.contains("![roofline](small-roofline.svg)"));
  }

  /** What they show is tested where they are drawn; letters are outlines here. */
  @Test
  void thePicturesAreSvg() throws Exception {
    S24.good("report", result);
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    for (String picture : List.of("roofline", "ratio", "threads")) {
      byte[] bytes = Files.readAllBytes(dir.resolve("small-" + picture + ".svg"));
      Document document = factory.newDocumentBuilder().parse(new ByteArrayInputStream(bytes));
      assertEquals("svg", document.getDocumentElement().getTagName());
      assertTrue(document.getElementsByTagName("path").getLength() > 10, picture);
    }
  }

  @Test
  void twoReportsOfOneResultAreTheSame() throws IOException {
    JsonNode written = S24.json("report", result).get("files");
    assertEquals(4, written.size());
    List<String> first = new ArrayList<>();
    for (JsonNode file : written) {
      first.add(Files.readString(Path.of(file.asText())));
    }
    S24.good("report", result);
    for (int i = 0; i < first.size(); i++) {
      assertEquals(first.get(i), Files.readString(Path.of(written.get(i).asText())));
    }
  }

  @Test
  void theReadmeGetsALineAGroup() throws IOException {
    Path readme = Files.writeString(dir.resolve("README.md"), MARKS);
    S24.good("report", result, "--readme", readme);
    List<String> lines = Files.readAllLines(readme);
    assertEquals("# Title", lines.getFirst());
    assertEquals("rest", lines.getLast());
    assertEquals(List.of("work", "target", "limit", "reached", "met"), cells(lines.get(2)));
    assertEquals(
        List.of("spmm24 BF16, few tokens: × oneDNN", "1.65", "1.78", "1.70", "1 of 1"),
        cells(lines.get(4)));
  }

  @Test
  void aReadmeWithoutMarksStaysAsItIsAndNothingIsWritten() throws IOException {
    Path readme = Files.writeString(dir.resolve("README.md"), "no marks\n");
    S24 run = S24.run("report", result, "--readme", readme);
    assertEquals(Main.FAILED, run.status());
    assertTrue(run.err().contains("README.md: must have one line"), run.err());
    assertEquals("no marks\n", Files.readString(readme));
    assertTrue(Files.notExists(dir.resolve("small.md")));
  }

  @Test
  void severalResultsAreWrittenEachBesideItsJsonAndOneAfterTheOtherIntoTheReadme()
      throws IOException {
    Path other = Files.copy(result, dir.resolve("other.json"));
    Path readme = Files.writeString(dir.resolve("README.md"), MARKS);
    JsonNode written = S24.json("report", result, other, "--readme", readme).get("files");
    assertEquals(9, written.size());
    assertTrue(Files.exists(dir.resolve("other-ratio.svg")));
    assertEquals(
        2, Files.readAllLines(readme).stream().filter(line -> line.startsWith("| work")).count());
  }

  /** What 's24 report docs/results/*.json --readme README.md' would write is what is there. */
  @Test
  void theReadmeOfThisProjectSaysWhatTheCommittedResultsSay() throws IOException {
    List<SuiteReport> kernels = committed("cpu-.*", SuiteReport.class);
    List<SlopeReport> training = committed("slope-.*", SlopeReport.class);
    List<QualityReport> quality = committed("quality-.*", QualityReport.class);
    assertFalse(kernels.isEmpty());
    assertFalse(training.isEmpty());
    String readme = Files.readString(ROOT.resolve("README.md"), StandardCharsets.UTF_8);
    assertEquals(Readme.replace(readme, "results", SuiteMarkdown.summaries(kernels)), readme);
    assertEquals(
        Readme.replace(readme, "slope results", SlopeMarkdown.summaries(training)), readme);
    assertFalse(quality.isEmpty());
    assertEquals(
        Readme.replace(readme, "quality results", QualityMarkdown.summaries(quality)), readme);
  }

  private static <T> List<T> committed(String name, Class<T> type) throws IOException {
    List<T> reports = new ArrayList<>();
    try (Stream<Path> files = Files.list(ROOT.resolve("docs/results"))) {
      for (Path file : files.sorted().toList()) {
        if (String.valueOf(file.getFileName()).matches(name + "\\.json")) {
          reports.add(Json.MAPPER.readValue(file.toFile(), type));
        }
      }
    }
    return reports;
  }
}
