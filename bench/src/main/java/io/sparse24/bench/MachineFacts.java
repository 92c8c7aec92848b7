package io.sparse24.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.sparse24.api.BackendInfo;
import io.sparse24.api.Session;
import io.sparse24.bindings.BuildInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
 * @param flags vector and matrix extensions of the first processor, where the system tells
 * @param caches size of each cache of the first processor, where the system tells
 * @param copyGbps bytes read plus bytes written a second by copies of 256 MiB in one thread,
 *     measured in this run
 * @param readGbps bytes read a second by comparing two blocks of 256 MiB, cut into one piece a
 *     thread of the session; what a product with one token is bound by
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
    List<String> flags,
    Map<String, String> caches,
    double copyGbps,
    double readGbps) {
  private static final long BLOCK = 256L << 20;
  private static final int REPEATS = 7;
  private static final List<String> FLAG_STARTS =
      List.of("sse4", "avx", "amx", "fma", "f16c", "asimd", "bf16", "i8mm", "sve");

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
        readFlags(),
        readCaches(),
        measureCopy(),
        measureRead(info.threads()));
  }

  /** For people. */
  String line() {
    return device
        + ", tier "
        + isa
        + ", caches "
        + caches.entrySet().stream()
            .map(cache -> cache.getKey() + " " + cache.getValue())
            .collect(Collectors.joining(", "))
        + "; Java "
        + java
        + ", Sparse24 "
        + version
        + ", "
        + date
        + ".\n";
  }

  private static List<String> readFlags() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .limit(1)
          .flatMap(
              line -> Stream.of(line.substring(line.indexOf(':') + 1).strip().split("\\s+", -1)))
          .filter(flag -> FLAG_STARTS.stream().anyMatch(flag::startsWith))
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
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
      MemorySegment from = arena.allocate(BLOCK, 64).fill((byte) 1);
      MemorySegment to = arena.allocate(BLOCK, 64).fill((byte) 2);
      return gbps(() -> to.copyFrom(from));
    }
  }

  private static double measureRead(int threads) {
    try (Arena arena = Arena.ofShared();
        ExecutorService workers = Executors.newFixedThreadPool(threads)) {
      MemorySegment a = arena.allocate(BLOCK, 64).fill((byte) 1);
      MemorySegment b = arena.allocate(BLOCK, 64).fill((byte) 1);
      long piece = BLOCK / threads;
      List<Callable<Long>> parts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        long from = i * piece;
        parts.add(() -> MemorySegment.mismatch(a, from, from + piece, b, from, from + piece));
      }
      return gbps(() -> {
        try {
          for (Future<Long> part : workers.invokeAll(parts)) {
            if (part.get() != -1) {
              throw new IllegalStateException("two equal blocks differ");
            }
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted while measuring", e);
        } catch (ExecutionException e) {
          throw new IllegalStateException("measuring the read bandwidth failed", e);
        }
      });
    }
  }

  /** Of something that moves two blocks. */
  private static double gbps(Runnable moveTwoBlocks) {
    List<Double> ms = new ArrayList<>();
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      moveTwoBlocks.run();
      ms.add((System.nanoTime() - start) / 1e6);
    }
    return 2.0 * BLOCK / Turns.median(ms) / 1e6;
  }
}
