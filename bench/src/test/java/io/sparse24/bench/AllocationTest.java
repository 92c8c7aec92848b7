package io.sparse24.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.management.ThreadMXBean;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Op;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hot calls allocate nothing on the Java heap once they are compiled. */
final class AllocationTest {
  private static final int CALLS = 20_000;
  private static final long PATIENCE = Duration.ofSeconds(60).toNanos();

  /** An object has 8 bytes or more, so a share of one a call is somebody else's. */
  private static final double NOTHING = 1;

  /** pack24 is left out: it returns an object. */
  @ParameterizedTest
  @EnumSource(value = Op.class, mode = EnumSource.Mode.EXCLUDE, names = "PACK24")
  void aHotCallAllocatesNothing(Op op) {
    allocatesNothing(op, DType.F32);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"I8", "F8_E4M3"})
  void aHotCallWithRowScalesAllocatesNothing(DType dtype) {
    allocatesNothing(Op.SPMM24, dtype);
    allocatesNothing(Op.GEMM, dtype);
  }

  private static void allocatesNothing(Op op, DType dtype) {
    assumeFalse(Boolean.getBoolean("s24.native.skip"), "needs the CPU library");
    Types types = Types.of(op, dtype, DType.BF16);
    try (Session session = Backends.open("cpu", SessionOptions.threads(1));
        Workload workload =
            Workload.of(
                new Setup(session, types.dtype(), types.xDtype(), 1, new Shape("tiny", 4, 8), 0),
                op)) {
      // Until the compiler is done, which takes as long as the machine is busy.
      double bytes = bytesPerCall(workload);
      for (long start = System.nanoTime();
          bytes >= NOTHING && System.nanoTime() - start < PATIENCE; ) {
        bytes = bytesPerCall(workload);
      }
      assertTrue(bytes < NOTHING, op.id() + " allocates " + bytes + " B/op");
      workload.check();
    }
  }

  @Test
  void anObjectACallIsSeen() {
    AtomicReference<Object> kept = new AtomicReference<>();
    assertTrue(bytesPerCall(() -> kept.set(new Object())) >= 8);
  }

  private static double bytesPerCall(Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
    return (double) (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
  }
}
