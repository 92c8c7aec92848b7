package io.sparse24.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.sparse24.api.DType;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast a GPU copies within its own memory, by its driver's copy: what the bandwidth of kernels
 * is compared with.
 */
final class DeviceCopy {
  private static final String DRIVER = "libcuda.so.1";
  private static final long BLOCK = 512L << 20;
  private static final int COPIES = 8;
  private static final int REPEATS = 9;

  private final MethodHandle copy;
  private final MethodHandle synchronize;

  private DeviceCopy(SymbolLookup driver) {
    this.copy =
        Linker.nativeLinker()
            .downcallHandle(
                driver.findOrThrow("cuMemcpyDtoDAsync_v2"),
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS));
    this.synchronize =
        Linker.nativeLinker()
            .downcallHandle(
                driver.findOrThrow("cuCtxSynchronize"), FunctionDescriptor.of(JAVA_INT));
  }

  /**
   * Measures. The session has made the device this thread's.
   *
   * @param session of a GPU
   * @return the ceiling of copies; empty where there is no such device or no driver
   */
  static List<Ceilings> measure(Session session) {
    if (session.info().hostMemory()) {
      return List.of();
    }
    try (Arena arena = Arena.ofConfined();
        Scratch scratch = session.scratch()) {
      DeviceCopy device = new DeviceCopy(SymbolLookup.libraryLookup(DRIVER, arena));
      long from = address(scratch);
      long to = address(scratch);
      session.synchronize();
      return List.of(new Ceilings(session.info().threads(), 0, device.gbps(from, to), 0, 0));
    } catch (IllegalArgumentException | IllegalStateException e) {
      // No driver, or one that does not know this memory: the emulated device's is the host's.
      return List.of();
    }
  }

  private static long address(Scratch scratch) {
    long cols = BLOCK / DType.F32.bytes();
    return scratch.matrix(1, cols, DType.F32).segment().address();
  }

  private double gbps(long from, long to) {
    copies(from, to);
    List<Double> rates = new ArrayList<>();
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      copies(from, to);
      rates.add(2.0 * BLOCK * COPIES / (System.nanoTime() - start));
    }
    return Turns.median(rates);
  }

  private void copies(long from, long to) {
    try {
      int status = 0;
      for (int i = 0; i < COPIES && status == 0; i++) {
        status = (int) copy.invokeExact(to, from, BLOCK, MemorySegment.NULL);
      }
      status = status == 0 ? (int) synchronize.invokeExact() : status;
      if (status != 0) {
        throw new IllegalStateException("the driver's copy returned " + status);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall declares nothing else", e);
    }
  }
}
