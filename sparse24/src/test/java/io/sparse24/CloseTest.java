package io.sparse24;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.format.Safetensors;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is closed twice, and what is never closed (the build's tests run in debug mode). */
final class CloseTest {
  @TempDir Path folder;

  private Path file(String name) throws Exception {
    byte[] header = "{}      ".getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[8 + header.length];
    bytes[0] = (byte) header.length;
    System.arraycopy(header, 0, bytes, 8, header.length);
    return Files.write(folder.resolve(name), bytes);
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed twice on purpose
  void aSecondCloseDoesNothing() throws Exception {
    Safetensors tensors = Safetensors.open(file("twice.safetensors"));
    tensors.close();
    tensors.close();
    try (Arena arena = Arena.ofConfined()) {
      Session session = Backends.open("reference");
      Sparse24Matrix matrix =
          Pruner.magnitude().prune(session, Matrix.allocate(arena, 4, 8, DType.F32));
      matrix.close();
      matrix.close();
      ColumnNorms norms = new ColumnNorms(session, 8);
      norms.close();
      norms.close();
      session.close();
      session.close();
    }
  }

  @Test
  void normsOfANegativeNumberOfInputsAreRefused() {
    try (Session session = Backends.open("reference")) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> new ColumnNorms(session, -1));
      assertEquals("k: is -1, must be between 0 and 2^40", e.getMessage());
    }
  }

  @SuppressWarnings({"MustBeClosedChecker", "UnusedVariable", "resource"}) // that is the test
  private static void forget(Path file, Arena arena) throws Exception {
    Session session = Backends.open("reference");
    Sparse24Matrix matrix =
        Pruner.magnitude().prune(session, Matrix.allocate(arena, 4, 8, DType.F32));
    Safetensors tensors = Safetensors.open(file);
  }

  @Test
  void whatWasNeverClosedIsReportedWithItsSite() throws Exception {
    Set<String> reports = ConcurrentHashMap.newKeySet();
    Set<String> ofForget = ConcurrentHashMap.newKeySet(); // other tests' leaks are reported too
    Semaphore arrived = new Semaphore(0);
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            Throwable site = entry.getThrown();
            if (site != null) {
              reports.add(entry.getMessage());
              if (Stream.of(site.getStackTrace())
                  .anyMatch(frame -> frame.getMethodName().equals("forget"))) {
                ofForget.add(entry.getMessage());
              }
              arrived.release();
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("io.sparse24");
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try (Arena arena = Arena.ofConfined()) {
      Path closed = file("closed.safetensors");
      Safetensors.open(closed).close();
      Path forgotten = file("forgotten.safetensors");
      forget(forgotten, arena);
      List<String> expected =
          List.of(
              "session of backend reference was never closed",
              "scratch memory of backend reference was never closed",
              forgotten + " was never closed");
      for (int i = 0; i < 200 && !ofForget.containsAll(expected); i++) {
        System.gc();
        arrived.tryAcquire(20, TimeUnit.MILLISECONDS);
      }
      assertEquals(Set.copyOf(expected), ofForget, "reported with the place of allocation");
      assertFalse(reports.contains(closed + " was never closed"), reports::toString);
    } finally {
      logger.setUseParentHandlers(true);
      logger.removeHandler(handler);
    }
  }
}
