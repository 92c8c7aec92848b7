package io.sparse24.bindings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where libraries are looked for, what is said when none opens, and the cache. */
final class KernelLibraryTest {
  private static final String PROPERTY = "io.sparse24.library.fake";

  @TempDir Path folder;

  @AfterEach
  void clear() {
    System.clearProperty(PROPERTY);
    System.clearProperty("io.sparse24.cache");
  }

  /** A provider with its jar's content in a folder. */
  private record Fake(@Nullable Path root) implements NativeKernels {
    @Override
    public String name() {
      return "fake";
    }

    @Override
    public int rank() {
      return 1;
    }

    @Override
    public @Nullable URL resource(String path) {
      if (root == null || !Files.exists(root.resolve(path))) {
        return null;
      }
      try {
        return root.resolve(path).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalArgumentException(e);
      }
    }
  }

  @Test
  void saysEachPlaceThatWasTried() {
    LibraryLoadException e =
        assertThrows(LibraryLoadException.class, () -> KernelLibrary.open(new Fake(null)));
    assertEquals(3, e.attempts().size(), e.getMessage());
    assertTrue(e.attempts().get(0).contains("system property " + PROPERTY + ": not set"));
    assertTrue(e.attempts().get(1).contains("environment variable S24_LIBRARY_FAKE: not set"));
    assertTrue(e.attempts().get(2).contains("natives' jar: no native/" + Platform.id()));
  }

  @Test
  void anOverrideIsAnOrder() throws IOException {
    System.setProperty(PROPERTY, folder.resolve("absent.so").toString());
    LibraryLoadException e =
        assertThrows(LibraryLoadException.class, () -> KernelLibrary.open(new Fake(null)));
    assertEquals(1, e.attempts().size(), e.getMessage());
    assertTrue(e.toString().contains("no such file"), e.getMessage());

    Path text = Files.writeString(folder.resolve("text.so"), "not a library");
    System.setProperty(PROPERTY, text.toString());
    e = assertThrows(LibraryLoadException.class, () -> KernelLibrary.open(new Fake(null)));
    assertTrue(e.toString().contains("text.so"), e.getMessage());
  }

  @Test
  void aLibraryWithoutTheSymbolIsRefused() throws IOException {
    Path libc =
        Stream.of(
                "/lib/x86_64-linux-gnu/libm.so.6",
                "/lib/aarch64-linux-gnu/libm.so.6",
                "/lib64/libm.so.6",
                "/usr/lib/libm.so.6")
            .map(Path::of)
            .filter(Files::exists)
            .findFirst()
            .orElse(null);
    org.junit.jupiter.api.Assumptions.assumeTrue(libc != null, "no libm to try with");
    System.setProperty(PROPERTY, String.valueOf(libc));
    LibraryLoadException e =
        assertThrows(LibraryLoadException.class, () -> KernelLibrary.open(new Fake(null)));
    assertTrue(e.toString().contains("exports no s24_get_api"), e.getMessage());
  }

  @Test
  void unpacksOnceAndMendsADamagedCopy() throws Exception {
    byte[] content = {1, 2, 3};
    Path jar = folder.resolve("jar");
    Path library = jar.resolve("lib.so");
    Files.createDirectories(jar);
    Files.write(library, content);
    Path sha = Files.writeString(jar.resolve("lib.so.sha256"), LibraryCache.hash(library) + "\n");
    LibraryCache cache = new LibraryCache(folder.resolve("cache"));

    Path first = cache.unpack(library.toUri().toURL(), sha.toUri().toURL(), "1", "lib.so");
    Object key = Files.readAttributes(first, "unix:ino").get("ino");
    Path again = cache.unpack(library.toUri().toURL(), sha.toUri().toURL(), "1", "lib.so");
    assertEquals(first, again);
    assertEquals(key, Files.readAttributes(again, "unix:ino").get("ino"), "unpacked twice");

    Files.write(first, new byte[] {9, 9, 9});
    Path mended = cache.unpack(library.toUri().toURL(), sha.toUri().toURL(), "1", "lib.so");
    assertArrayEquals(content, Files.readAllBytes(mended));
    try (Stream<Path> files = Files.list(first.getParent())) {
      assertEquals(List.of(first), files.toList(), "left-over parts");
    }
  }

  @Test
  void aJarWhoseHashIsWrongIsRefused() throws Exception {
    Path jar = folder.resolve("native/" + Platform.id());
    Files.createDirectories(jar);
    String file = Platform.libraryFile("fake");
    Files.write(jar.resolve(file), new byte[] {1});
    Files.writeString(jar.resolve(file + ".sha256"), "0".repeat(64));
    System.setProperty("io.sparse24.cache", folder.resolve("cache").toString());
    LibraryLoadException e =
        assertThrows(LibraryLoadException.class, () -> KernelLibrary.open(new Fake(folder)));
    assertTrue(e.toString().contains("expected 0000"), e.getMessage());
  }

  @Test
  void aCacheThatCannotBeWrittenSaysHowToMoveIt() throws Exception {
    Path library = Files.write(folder.resolve("lib.so"), new byte[] {1});
    Path sha = Files.writeString(folder.resolve("lib.so.sha256"), LibraryCache.hash(library));
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                new LibraryCache(file)
                    .unpack(library.toUri().toURL(), sha.toUri().toURL(), "1", "lib.so"));
    assertTrue(String.valueOf(e.getMessage()).contains("S24_CACHE_DIR"), e.getMessage());
  }
}
