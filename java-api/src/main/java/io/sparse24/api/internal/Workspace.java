package io.sparse24.api.internal;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The workspace of a session's operations; grows, never shrinks. A graph holds the address of the
 * one that it was captured with, so that is kept when a larger one takes its place.
 */
final class Workspace implements AutoCloseable {
  /** Where the memory comes from. */
  interface Memory {
    MemorySegment allocate(long bytes);

    void free(MemorySegment memory);
  }

  private final Memory memory;
  private final List<MemorySegment> kept = new ArrayList<>();
  private MemorySegment current = MemorySegment.NULL;
  private long bytes;
  private boolean capturing;
  private boolean inGraph;

  Workspace(Memory memory) {
    this.memory = memory;
  }

  /** At least this large; null where it is 0 and never was more. */
  MemorySegment of(long wanted) {
    if (wanted > bytes) {
      grow(wanted);
    }
    inGraph |= capturing && wanted > 0;
    return current;
  }

  private void grow(long wanted) {
    if (capturing) {
      throw new IllegalStateException(
          "workspace: has "
              + bytes
              + " bytes and would have to grow to "
              + wanted
              + ", which is not possible while a graph is captured; run the operation once before");
    }
    MemorySegment old = current;
    long oldBytes = bytes;
    current = MemorySegment.NULL;
    bytes = 0;
    if (inGraph) {
      kept.add(old);
      inGraph = false;
    } else if (oldBytes > 0) {
      memory.free(old);
    }
    long rounded = Math.addExact(wanted, wanted / 4);
    current = memory.allocate(rounded);
    bytes = rounded;
  }

  long bytes() {
    return bytes;
  }

  void capturing(boolean now) {
    capturing = now;
  }

  /** Tries to free all of it, and then throws what went wrong first. */
  @Override
  public void close() {
    if (bytes > 0) {
      kept.add(current);
    }
    current = MemorySegment.NULL;
    bytes = 0;
    RuntimeException failure = null;
    for (MemorySegment old : kept) {
      try {
        memory.free(old);
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      }
    }
    kept.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
