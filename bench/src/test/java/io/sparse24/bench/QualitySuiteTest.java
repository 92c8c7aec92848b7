package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.Pattern;
import io.sparse24.bench.QualityReport.Cell;
import io.sparse24.bench.QualityReport.Study;
import io.sparse24.llm.Corpus;
import io.sparse24.llm.Method;
import io.sparse24.llm.Preset;
import io.sparse24.llm.TrainOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The study, as small as it goes; the encoder is studied in the tests of the command line. */
final class QualitySuiteTest {
  private static final MachineFacts MACHINE =
      new MachineFacts(
          "2026-11-27T00:00:00Z", "1", "25", "os", "d", "isa", 1, 1, List.of(), Map.of(), 1, 1);

  @TempDir Path dir = Path.of("");

  @Test
  void everyMethodStandsBesideTheDenseModelWhichIsTrainedOnce() throws IOException {
    Path text = Files.writeString(dir.resolve("text.txt"), "int next = last + 1;\n".repeat(400));
    QualitySuite.Plan plan =
        new QualitySuite.Plan(
            Boolean.getBoolean("s24.native.skip") ? "reference" : "cpu",
            0,
            TrainOptions.of(text.toString(), Preset.MICRO, Method.DENSE).withSteps(20),
            dir.resolve("models"),
            3,
            4,
            null,
            0,
            List.of(Pattern.P2_4, Pattern.unstructured(50)));
    QualitySuite suite = new QualitySuite(plan);
    List<Integer> told = new ArrayList<>();
    QualityReport report = suite.run(soFar -> told.add(soFar.studies().getFirst().cells().size()));
    assertEquals(suite.parts(), told.size());
    Study study = report.studies().getFirst();
    assertEquals(22, study.cells().size());
    Cell dense = study.cells().getFirst();
    assertEquals(0, dense.lastBlockError());
    assertEquals(0, dense.agreement());
    for (Cell cell : study.cells().subList(1, 22)) {
      assertTrue(cell.lastBlockError() > 0, cell.toString());
      assertTrue(cell.quality() > 1 && cell.tokensPerSecond() > 0, cell.toString());
      assertEquals(
          cell.pattern().equals("2:4"), cell.bytes() < 0.85 * dense.bytes(), cell.toString());
    }
    Map<String, Double> errors = new HashMap<>();
    study.cells().stream()
        .filter(cell -> cell.pattern().equals("2:4"))
        .forEach(cell -> errors.put(cell.method(), cell.lastBlockError()));
    assertNotEquals(errors.get("ria"), errors.get("ria, reordered"));
    String tables = new QualityMarkdown(report).full();
    assertTrue(tables.contains("| sparsegpt + eora |"), tables);
    assertTrue(tables.contains("Expected from worse to better"), tables);
    assertTrue(tables.contains("not measured here"), tables);
    FileTime[] trained = new FileTime[2];
    for (int i = 0; i < 2; i++) {
      try (Stream<Path> kept = Files.list(dir.resolve("models"))) {
        List<Path> all = kept.toList();
        assertEquals(1, all.size());
        trained[i] = Files.getLastModifiedTime(all.getFirst().resolve("config.json"));
      }
      if (i == 0) {
        assertEquals(
            dense.quality(),
            new QualitySuite(plan).run(_ -> {}).studies().getFirst().cells().getFirst().quality());
      }
    }
    assertEquals(trained[0], trained[1]);
  }

  @Test
  void sentencesOfCommentsAreWithoutMarkup() throws IOException {
    Path text =
        Files.writeString(
            dir.resolve("A.java"),
            """
            /**
             * Returns the {@code length} of this <em>very long</em>
             * list of names. More follows.
             *
             * @return it
             */
            int a;
            /** Too short. */
            /** Returns {@link #x} { which is not closed and has braces }. */
            /* Not a documentation comment, though it is a whole sentence. */
            """
                + " \n".repeat(600));
    assertEquals(
        List.of("Returns the length of this very long list of names."),
        DocSentences.of(Corpus.read(text), 5));
  }

  @Test
  void tablesSayWhereTheOrderIsNotAsExpected() {
    Study study =
        new Study(
            "m",
            true,
            "made up",
            4,
            List.of(
                cell("dense", "", 5),
                cell("random", "2:4", 90),
                cell("magnitude", "2:4", 30),
                cell("wanda", "2:4", 31)));
    String order = new QualityMarkdown(new QualityReport(MACHINE, List.of(study))).full();
    assertTrue(order.contains("here magnitude is better than wanda at 2:4."), order);
  }

  private static Cell cell(String method, String pattern, double quality) {
    return new Cell(method, pattern, quality, 0.1, 0.2, 1, 0.5, 1000, 10);
  }
}
