package io.sparse24.api.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sparse24.api.Backends;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A library that would not open is tried again, and opens once the cause is removed. */
final class RetryTest {
  private static final String PROPERTY = "io.sparse24.library.cpu";

  @TempDir Path folder;

  @AfterEach
  void clear() {
    System.clearProperty(PROPERTY);
  }

  private static String library() {
    try (Session session = Backends.open("cpu")) {
      return session.info().library();
    }
  }

  @Test
  void anOpenThatFailedSucceedsOnceTheCauseIsRemoved() throws Exception {
    assumeFalse(Boolean.getBoolean("s24.native.skip"), "the build left the kernels out");
    String where = library(); // "<path> (<version>)"
    Path good = Path.of(where.substring(0, where.lastIndexOf(" (")));
    Path copy = folder.resolve("copy.so");
    System.setProperty(PROPERTY, copy.toString());

    Sparse24Exception.Unsupported e =
        assertThrows(Sparse24Exception.Unsupported.class, () -> Backends.open("cpu"));
    assertTrue(e.toString().contains("no such file"), e.toString());
    Files.writeString(copy, "not a library");
    e = assertThrows(Sparse24Exception.Unsupported.class, () -> Backends.open("cpu"));
    assertTrue(e.toString().contains("copy.so"), e.toString());

    Files.delete(copy); // a new file, not one that the loader has seen
    Files.copy(good, copy, StandardCopyOption.COPY_ATTRIBUTES);
    assertTrue(library().startsWith(copy.toString()), library());
    System.clearProperty(PROPERTY);
    assertEquals(where, library());
  }
}
