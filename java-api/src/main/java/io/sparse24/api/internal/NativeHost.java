package io.sparse24.api.internal;

import java.lang.foreign.MemorySegment;

/** What the operations that stand beside their session have of it. */
interface NativeHost {
  /** Memory of at least the size that an operation wants. */
  MemorySegment workspace(int op, MemorySegment args);

  /** Throws what a status other than 0 says. */
  void check(int status);
}
