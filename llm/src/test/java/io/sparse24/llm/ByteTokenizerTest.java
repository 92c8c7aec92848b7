package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file says to others what the bytes say to us. */
final class ByteTokenizerTest {
  @TempDir Path dir = Path.of("");

  @Test
  void theLibraryReadsItAsBytes() throws IOException {
    ByteTokenizer.write(dir);
    Path file = dir.resolve(ByteTokenizer.FILE);
    assertInstanceOf(ByteTokenizer.class, Tokenizer.open(dir));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (Tokenizer library = LibraryTokenizer.open(file);
        Tokenizer ours = new ByteTokenizer()) {
      for (int round = 0; round < 200; round++) {
        String text = text(random);
        int[] expected = ours.encode(text);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
          assertEquals(bytes[i] & 0xFF, expected[i]);
        }
        assertArrayEquals(expected, library.encode(text), "seed " + seed);
        assertEquals(text, library.decode(expected), "seed " + seed);
        assertEquals(text, ours.decode(expected));
      }
    }
  }

  /** Of all planes, spaces and line ends among them. */
  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(60) + 1; i > 0; i--) {
      int point =
          switch (random.nextInt(4)) {
            case 0 -> " \n\t\r'".codePointAt(random.nextInt(5));
            case 1 -> random.nextInt(1, 128);
            case 2 -> random.nextInt(128, 0xD800);
            default -> random.nextInt(0x10000, 0x110000);
          };
      text.appendCodePoint(point);
    }
    return text.toString();
  }

  @Test
  void anotherTokenizerNeedsTheLibrary() throws IOException {
    ByteTokenizer.write(dir);
    Path file = dir.resolve(ByteTokenizer.FILE);
    Files.writeString(
        file, Files.readString(file).replace("\"use_regex\" : false", "\"use_regex\" : true"));
    try (Tokenizer same = Tokenizer.open(dir)) {
      assertInstanceOf(ByteTokenizer.class, same); // without merges the words make no difference
    }
    Files.writeString(
        file, Files.readString(file).replace("\"merges\" : [ ]", "\"merges\" : [ \"a b\" ]"));
    IOException e = assertThrows(IOException.class, () -> Tokenizer.open(dir));
    assertTrue(String.valueOf(e.getMessage()).contains("tokenizer.json"), e.getMessage());
  }
}
