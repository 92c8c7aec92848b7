package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ShapeTest {
  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("shapes.txt"), text);
  }

  @Test
  void commentsAndBlankLinesAreSkipped() throws IOException {
    assertEquals(
        List.of(new Shape("up", 11008, 4096), new Shape("r3", 33, 12)),
        Shape.read(file("# name n k\n\n  up\t11008   4096  # feed-forward\nr3 33 12")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "up 4096 | must be: name n k",
        "up 4096 4096 1 | must be: name n k",
        "up n 4096 | n and k must be whole numbers",
        "up 4096 99999999999999999999 | n and k must be whole numbers",
        "up 0 4096 | n must be 1 to 2^20",
        "up 4096 6 | k a multiple of 4",
        "up 4096 2097152 | up to 2^20",
      })
  void aWrongLineIsNamed(String line, String part) throws IOException {
    Path file = file("ok 4 4\n" + line + "\n");
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> Shape.read(file)).getMessage());
    assertTrue(message.contains("shapes.txt: line 2: '" + line + "'"), message);
    assertTrue(message.contains(part), message);
  }

  @Test
  void aFileWithoutShapesIsAnError() throws IOException {
    Path file = file("# nothing\n");
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> Shape.read(file)).getMessage());
    assertTrue(message.contains("has no line 'name n k'"), message);
    assertThrows(NoSuchFileException.class, () -> Shape.read(folder.resolve("none.txt")));
  }

  @Test
  void parsesNAndK() {
    assertEquals(new Shape("4096x14336", 4096, 14336), Shape.parse("4096x14336"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4096", "4096x", "x4", "axb", "4x4x4", "4096 x 4096"})
  void refusesOtherText(String text) {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> Shape.parse(text)).getMessage());
    assertTrue(message.contains("such as 4096x14336"), message);
  }

  @Test
  void theShippedFilesAreRight() throws IOException {
    Path shapes = Path.of(System.getProperty("s24.root", "."), "bench", "shapes");
    List<Path> files;
    try (Stream<Path> list = Files.list(shapes)) {
      files = list.toList();
    }
    assertTrue(files.size() >= 5, files.toString());
    for (Path file : files) {
      Shape.read(file);
    }
    assertEquals(Shape.DECODE, Shape.read(shapes.resolve("decode.txt")));
  }
}
