package io.sparse24.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.sparse24.api.BackendInfo;
import io.sparse24.api.Session;
import io.sparse24.bindings.BuildInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a measurement depends on.
 *
 * @param date when, UTC
 * @param version Sparse24's
 * @param java the JVM's
 * @param os operating system and processor family
 * @param device as the backend names it
 * @param isa the backend's tier
 * @param threads CPU threads of the session
 * @param processors processors the JVM may use
 * @param caches size of each cache of the first processor, where the system tells
 * @param copyGbps bytes read plus bytes written a second by copies of 256 MiB in one thread,
 *     measured in this run
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record MachineFacts(
    String date,
    String version,
    String java,
    String os,
    String device,
    String isa,
    int threads,
    int processors,
    Map<String, String> caches,
    double copyGbps) {
  private static final long COPY_BYTES = 256L << 20;

  /**
   * Gathers them.
   *
   * @param session of the backend that was measured
   * @return the facts
   */
  public static MachineFacts of(Session session) {
    BackendInfo info = session.info();
    return new MachineFacts(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        BuildInfo.VERSION,
        Runtime.version().toString(),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"),
        info.device(),
        info.isa(),
        info.threads(),
        Runtime.getRuntime().availableProcessors(),
        readCaches(),
        measureCopy());
  }

  private static Map<String, String> readCaches() {
    Map<String, String> caches = new LinkedHashMap<>();
    Path folder = Path.of("/sys/devices/system/cpu/cpu0/cache");
    for (int i = 0; Files.isDirectory(folder.resolve("index" + i)); i++) {
      Path index = folder.resolve("index" + i);
      try {
        String level = Files.readString(index.resolve("level")).strip();
        String type = Files.readString(index.resolve("type")).strip();
        caches.put(
            "L" + level + (type.equals("Unified") ? "" : " " + type),
            Files.readString(index.resolve("size")).strip());
      } catch (IOException e) {
        caches.put("index" + i, "unknown");
      }
    }
    return caches;
  }

  private static double measureCopy() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(COPY_BYTES, 64).fill((byte) 1);
      MemorySegment to = arena.allocate(COPY_BYTES, 64).fill((byte) 2);
      List<Double> ms = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        long start = System.nanoTime();
        to.copyFrom(from);
        ms.add((System.nanoTime() - start) / 1e6);
      }
      return 2.0 * COPY_BYTES / Bench.median(ms) / 1e6;
    }
  }
}
