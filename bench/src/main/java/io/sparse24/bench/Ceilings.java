package io.sparse24.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What the machine can do at most with a number of threads, measured in the same run as what is
 * compared with it. Medians.
 *
 * @param threads the number
 * @param readGbps bytes read a second from DRAM
 * @param copyGbps bytes read plus bytes written a second, written past the caches
 * @param f32Gflops multiply-adds on registers alone, each two operations; 0 if not known
 * @param bf16Gflops the same in BF16 with F32 sums; 0 where the machine has no such instruction
 */
public record Ceilings(
    int threads, double readGbps, double copyGbps, double f32Gflops, double bf16Gflops) {
  /** The system property that names the library of {@code kernels-cpu/ceilings}. */
  public static final String LIBRARY = "s24.ceilings";

  private static final long BLOCK = 256L << 20;
  private static final long ROUNDS = 1 << 20;
  private static final int REPEATS = 15;

  /**
   * Measures.
   *
   * @param threads numbers of threads
   * @return one each; empty where the library is not there
   */
  public static List<Ceilings> measure(List<Integer> threads) {
    String library = System.getProperty(LIBRARY, "");
    if (library.isEmpty() || !Files.isRegularFile(Path.of(library))) {
      return List.of();
    }
    try (Arena arena = Arena.ofShared()) {
      SymbolLookup lookup = SymbolLookup.libraryLookup(Path.of(library), arena);
      MemorySegment from = arena.allocate(BLOCK, 64).fill((byte) 1);
      MemorySegment to = arena.allocate(BLOCK, 64).fill((byte) 2);
      return threads.stream().map(n -> new Loops(lookup, n).measure(from, to)).toList();
    }
  }

  /** The higher of each, since whatever else the machine does only lowers them. */
  Ceilings higher(Ceilings other) {
    return new Ceilings(
        threads,
        Math.max(readGbps, other.readGbps),
        Math.max(copyGbps, other.copyGbps),
        Math.max(f32Gflops, other.f32Gflops),
        Math.max(bf16Gflops, other.bf16Gflops));
  }

  /** The loops of the library, run by some threads at once. */
  private record Loops(
      MethodHandle f32, MethodHandle bf16, MethodHandle read, MethodHandle copy, int threads) {
    Loops(SymbolLookup lookup, int threads) {
      FunctionDescriptor flops = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
      this(
          find(lookup, "s24_ceiling_f32", flops),
          find(lookup, "s24_ceiling_bf16", flops),
          find(lookup, "s24_ceiling_read", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG)),
          find(lookup, "s24_ceiling_copy", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG)),
          threads);
    }

    private static MethodHandle find(SymbolLookup lookup, String name, FunctionDescriptor type) {
      return Linker.nativeLinker().downcallHandle(lookup.findOrThrow(name), type);
    }

    Ceilings measure(MemorySegment from, MemorySegment to) {
      long piece = BLOCK / threads / 256 * 256;
      try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
        double readGbps =
            rate(
                pool,
                i -> {
                  long _ = (long) read.invokeExact(from.asSlice(i * piece, piece), piece);
                  return piece;
                });
        double copyGbps =
            rate(
                pool,
                i -> {
                  MemorySegment source = from.asSlice(i * piece, piece);
                  copy.invokeExact(to.asSlice(i * piece, piece), source, piece);
                  return 2 * piece;
                });
        double f32Gflops = rate(pool, _ -> ROUNDS * (long) f32.invokeExact(ROUNDS));
        double bf16Gflops = rate(pool, _ -> ROUNDS * (long) bf16.invokeExact(ROUNDS));
        return new Ceilings(threads, readGbps, copyGbps, f32Gflops, bf16Gflops);
      }
    }

    /** What a thread does; returns how much that was. */
    private interface Part {
      long run(int thread) throws Throwable;
    }

    /** Of all threads, 1e9 a second. */
    private double rate(ExecutorService pool, Part part) {
      List<Callable<Long>> parts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int thread = i;
        parts.add(() -> {
          try {
            return part.run(thread);
          } catch (Throwable e) {
            throw new IllegalStateException("a ceiling could not be measured", e);
          }
        });
      }
      List<Double> rates = new ArrayList<>();
      for (int repeat = 0; repeat < REPEATS; repeat++) {
        long start = System.nanoTime();
        double amount = 0;
        try {
          for (Future<Long> done : pool.invokeAll(parts)) {
            amount += done.get();
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted while measuring", e);
        } catch (ExecutionException e) {
          throw new IllegalStateException("a ceiling could not be measured", e);
        }
        rates.add(amount / (System.nanoTime() - start));
      }
      return Turns.median(rates);
    }
  }
}
