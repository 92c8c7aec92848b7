package io.sparse24.train;

import io.sparse24.api.Buffer;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Packed24;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A 2:4 weight as products read it, packed again and again into the same memory. */
final class Packing {
  private final Session session;
  private final Scratch memory;
  private final long tokens;
  private @Nullable Packed24 packed;

  Packing(Workspace workspace, Scratch memory) {
    this.session = workspace.session();
    this.memory = memory;
    this.tokens = workspace.tokens();
  }

  void pack(Compressed24 from) {
    Packed24 before = packed;
    if (before != null) {
      packed = session.pack24(from, before.layout(), before.buffer());
      return;
    }
    int layout = session.packedLayout(from.values().dtype(), tokens, from.n(), from.k());
    long bytes = session.packedBytes(from.values().dtype(), layout, from.n(), from.k());
    Buffer buffer = memory.buffer(bytes);
    packed = session.pack24(from, layout, buffer);
  }

  /** What was packed last. */
  Packed24 packed() {
    return Objects.requireNonNull(packed, "packed");
  }
}
