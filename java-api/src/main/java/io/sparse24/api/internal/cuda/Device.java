package io.sparse24.api.internal.cuda;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** What kernels of NVIDIA's libraries need of the session they run in. */
public interface Device {
  /** To what {@link #workspace} is aligned. */
  long ALIGNMENT = 256;

  /**
   * Bytes of one part of a workspace, so that the next is aligned too.
   *
   * @param bytes how much the part holds
   * @return as much or more
   */
  static long rounded(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /**
   * The GPU's name and kind, to which choices belong.
   *
   * @return such as {@code "NVIDIA H100 80GB HBM3, sm_90"}
   */
  String name();

  /**
   * What the GPU can do.
   *
   * @return its compute capability, such as 90 for 9.0
   */
  int architecture();

  /**
   * Makes the session's GPU the calling thread's.
   *
   * @return the session's stream
   */
  MemorySegment stream();

  /**
   * Device memory that belongs to the operation at work.
   *
   * @param bytes how much
   * @return its address, aligned to 256 bytes
   */
  MemorySegment workspace(long bytes);

  /**
   * Whether operations are recorded, so that nothing can be waited for.
   *
   * @return true between the begin of a capture and its end
   */
  boolean capturing();

  /**
   * Runs work with device memory of its own.
   *
   * @param bytes how much
   * @param work is given its address
   */
  void withMemory(long bytes, Consumer<MemorySegment> work);

  /** Waits for the queued work, of which it says nothing. */
  void await();

  /**
   * How long queued work takes on the device; waits for it.
   *
   * @param work queues it
   * @return milliseconds
   */
  double milliseconds(Runnable work);
}
