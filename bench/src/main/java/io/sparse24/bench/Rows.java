package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;

/** Rows compared with the oracle where each depends on itself alone, the first and the last too. */
final class Rows {
  private static final int CHECKED = 16;

  private Rows() {}

  static long[] of(long rows) {
    return LongStream.concat(LongStream.of(0, rows - 1), new Random(5).longs(CHECKED, 0, rows))
        .sorted()
        .distinct()
        .toArray();
  }

  /** These rows of a host matrix without gaps, with their scales. */
  static Matrix gather(Arena arena, Matrix host, long[] rows) {
    Matrix gathered = Matrix.allocate(arena, rows.length, host.cols(), host.dtype());
    long bytes = host.cols() * host.dtype().bytes();
    for (int i = 0; i < rows.length; i++) {
      MemorySegment.copy(host.segment(), rows[i] * bytes, gathered.segment(), i * bytes, bytes);
      Matrix scales = host.rowScales();
      if (scales != null) {
        Objects.requireNonNull(gathered.rowScales()).set(0, i, scales.get(0, rows[i]));
      }
    }
    return gathered;
  }

  /** These rows of a matrix of the session. */
  static Matrix download(Scratch scratch, Arena arena, Matrix there, long[] rows) {
    try (Arena temporary = Arena.ofConfined()) {
      DType dtype = there.dtype();
      Matrix all = Matrix.allocate(temporary, there.rows(), there.cols(), dtype);
      scratch.download(there, all);
      return gather(arena, all, rows);
    }
  }
}
