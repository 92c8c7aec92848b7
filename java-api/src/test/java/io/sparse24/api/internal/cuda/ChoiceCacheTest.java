package io.sparse24.api.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Choices outlive the process, belong to one library and GPU, and are never an error. */
final class ChoiceCacheTest {
  private static final String OWNER = "cuBLASLt 13.1.1, NVIDIA H100, sm_90";

  @TempDir Path folder;

  private ChoiceCache open(String owner) {
    return new ChoiceCache(folder.resolve("made"), owner);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("made"))) {
      return files.toList();
    }
  }

  @Test
  void whatIsKeptIsFoundByTheNextProcess() throws IOException {
    assertNull(open(OWNER).find("bf16 m=1"));
    ChoiceCache cache = open(OWNER);
    cache.keep("bf16 m=1", "0a ff");
    cache.keep("bf16 m=2", "0b");
    cache.keep("bf16 m=1", "0c");
    assertEquals("0c", cache.find("bf16 m=1"));
    ChoiceCache next = open(OWNER);
    assertEquals("0c", next.find("bf16 m=1"));
    assertEquals("0b", next.find("bf16 m=2"));
    assertNull(next.find("bf16 m=3"));
    assertEquals(1, files().size(), "nothing is left beside it");
  }

  @Test
  void whatAnotherProcessKeptMeanwhileStays() {
    ChoiceCache one = open(OWNER);
    assertNull(one.find("a"));
    open(OWNER).keep("a", "1");
    one.keep("b", "2");
    assertEquals("1", open(OWNER).find("a"));
    assertEquals("2", open(OWNER).find("b"));
  }

  @Test
  void anotherVersionOrGpuHasChoicesOfItsOwn() throws IOException {
    open(OWNER).keep("a", "1");
    for (String other :
        List.of(
            "cuBLASLt 13.1.2, NVIDIA H100, sm_90",
            "cuBLASLt 13.1.1, NVIDIA H200, sm_90",
            "cuBLASLt 13.1.1, NVIDIA H100, sm_100",
            "cuSPARSELt 13.1.1, NVIDIA H100, sm_90")) {
      assertNull(open(other).find("a"), other);
    }
    // Also if their files' names were the same.
    Path file = files().getFirst();
    Path others = folder.resolve("others");
    new ChoiceCache(others, "another").keep("b", "2");
    try (Stream<Path> theirs = Files.list(others)) {
      Files.copy(
          theirs.findFirst().orElseThrow(),
          file,
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    assertNull(open(OWNER).find("b"));
  }

  @Test
  void aDamagedFileIsMadeAgain() throws IOException {
    open(OWNER).keep("a", "1");
    Path file = files().getFirst();
    byte[] good = Files.readAllBytes(file);
    String text = new String(good, StandardCharsets.UTF_8);
    for (byte[] bad :
        List.of(
            new byte[0],
            new byte[] {(byte) 0xff, (byte) 0xfe, 0, 10},
            text.replace("a\t1", "a\t2").getBytes(StandardCharsets.UTF_8),
            text.substring(0, text.length() / 2).getBytes(StandardCharsets.UTF_8),
            "end 00000000\n".getBytes(StandardCharsets.UTF_8))) {
      Files.write(file, bad);
      ChoiceCache cache = open(OWNER);
      assertNull(cache.find("a"));
      cache.keep("b", "3");
      assertEquals("3", open(OWNER).find("b"));
    }
    Files.write(file, good);
    assertEquals("1", open(OWNER).find("a"));
  }

  @Test
  void whatCannotBeWrittenIsStillChosen() throws IOException {
    Path file = Files.writeString(folder.resolve("made"), "a file, where a folder should be");
    ChoiceCache cache = open(OWNER);
    cache.keep("a", "1");
    assertEquals("1", cache.find("a"));
    assertNull(open(OWNER).find("a"));
    assertTrue(Files.isRegularFile(file));
  }
}
