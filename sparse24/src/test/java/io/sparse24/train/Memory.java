package io.sparse24.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/** What a step allocates: off the heap by the JVM's count of native memory, on it by the thread. */
final class Memory {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Memory() {}

  private static BufferPoolMXBean direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .findFirst()
        .orElseThrow();
  }

  static void assertSteady(Runnable step) {
    BufferPoolMXBean direct = direct();
    for (int i = 0; i < 1000; i++) {
      step.run();
    }
    long count = direct.getCount();
    long bytes = direct.getMemoryUsed();
    long thread = Thread.currentThread().threadId();
    long before = THREADS.getThreadAllocatedBytes(thread);
    for (int i = 0; i < 10; i++) {
      step.run();
    }
    long heap = (THREADS.getThreadAllocatedBytes(thread) - before) / 10;
    System.out.println("a step allocates " + heap + " bytes of heap");
    assertEquals(count, direct.getCount(), "native allocations that stayed");
    assertEquals(bytes, direct.getMemoryUsed(), "bytes of native memory that stayed");
    assertTrue(heap < 2048, "a step allocates " + heap + " bytes of heap");
  }
}
