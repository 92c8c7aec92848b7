package io.sparse24.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CorpusTest {
  @TempDir Path dir = Path.of("");

  private static String text(Corpus corpus, Corpus.Part part) {
    int[] tokens = new int[(int) corpus.tokens(part)];
    corpus.copy(part, 0, tokens);
    byte[] bytes = new byte[tokens.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) tokens[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void aFileEndsWithTheHeldOutPart() throws IOException {
    Path file = Files.writeString(dir.resolve("a.txt"), "x".repeat(99) + "y");
    Corpus corpus = Corpus.read(file);
    assertEquals("x".repeat(96), text(corpus, Corpus.Part.TRAINING));
    assertEquals("xxxy\0", text(corpus, Corpus.Part.HELD_OUT));
  }

  @Test
  void folderAndZipAreOneInOrderOfNames() throws IOException {
    Path folder = Files.createDirectories(dir.resolve("texts/sub"));
    Path zip = dir.resolve("texts.zip");
    try (OutputStream out = Files.newOutputStream(zip);
        ZipOutputStream entries = new ZipOutputStream(out)) {
      for (int i = 60; i >= 0; i--) {
        String name = String.format("sub/%02d.txt", i);
        Files.writeString(dir.resolve("texts").resolve(name), "text " + i);
        entries.putNextEntry(new ZipEntry(name));
        entries.write(("text " + i).getBytes(StandardCharsets.UTF_8));
      }
    }
    Files.write(folder.resolve("picture.bin"), new byte[] {1, 0, 2});
    Files.write(folder.resolve("latin1.txt"), new byte[] {'a', (byte) 0xE4});
    Files.createFile(folder.resolve("empty.txt"));
    Corpus fromFolder = Corpus.read(dir.resolve("texts"));
    Corpus fromZip = Corpus.read(zip);
    assertEquals(61, fromFolder.texts());
    assertEquals(2, fromFolder.passedOver());
    assertEquals("text 49\0", text(fromFolder, Corpus.Part.HELD_OUT));
    assertTrue(text(fromFolder, Corpus.Part.TRAINING).startsWith("text 0\0text 1\0"));
    for (Corpus.Part part : Corpus.Part.values()) {
      assertEquals(text(fromFolder, part), text(fromZip, part));
    }
    assertEquals(fromFolder.fingerprint(), fromZip.fingerprint());

    int[] across = new int[4];
    fromFolder.copy(Corpus.Part.TRAINING, 5, across);
    assertArrayEquals(new int[] {'0', 0, 't', 'e'}, across);
  }

  @Test
  void saysWhatIsNoText() throws IOException {
    assertThrows(IOException.class, () -> Corpus.read(dir.resolve("absent")));
    Path empty = Files.createFile(dir.resolve("empty.txt"));
    IOException none = assertThrows(IOException.class, () -> Corpus.read(empty));
    assertTrue(String.valueOf(none.getMessage()).contains("has no text"), none.getMessage());
    Path noZip = Files.writeString(dir.resolve("no.zip"), "text");
    IOException zip = assertThrows(IOException.class, () -> Corpus.read(noZip));
    assertTrue(String.valueOf(zip.getMessage()).contains("is no good zip"), zip.getMessage());
    Path little = Files.writeString(dir.resolve("little.txt"), "a few words");
    IOException few =
        assertThrows(IOException.class, () -> Corpus.read(little).requireSequences(128));
    assertTrue(String.valueOf(few.getMessage()).contains("a sequence needs 129"), few.getMessage());
  }
}
