package io.sparse24.bindings.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory that a library allocated. To look at it is a restricted operation, so it is here. */
public final class HostMemory {
  private HostMemory() {}

  /**
   * The memory, readable and writable until the arena closes, which does not free it.
   *
   * @param address where the library says it is
   * @param bytes its size
   * @param arena how long it may be looked at
   * @return a segment of this size
   */
  public static MemorySegment view(MemorySegment address, long bytes, Arena arena) {
    return address.reinterpret(bytes, arena, null);
  }
}
