package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;

/** Vectors of F32 in a session's memory, which factors are made from on the host in float64. */
final class Factors {
  private Factors() {}

  /** A copy on the host. */
  static float[] download(Session session, Scratch scratch, Matrix vector) {
    float[] values = new float[Math.toIntExact(vector.cols())];
    try (Arena arena = Arena.ofConfined()) {
      Matrix host = Matrix.allocate(arena, 1, values.length, DType.F32);
      scratch.download(vector, host);
      session.synchronize();
      for (int i = 0; i < values.length; i++) {
        values[i] = host.get(0, i);
      }
    }
    return values;
  }

  /** Another vector, each number rounded once; what is beyond F32 is its largest number. */
  static Matrix upload(Session session, Scratch scratch, int length, IntToDoubleFunction of) {
    try (Arena arena = Arena.ofShared()) {
      Matrix host = Matrix.allocate(arena, 1, length, DType.F32);
      for (int i = 0; i < length; i++) {
        host.set(0, i, (float) Math.min(of.applyAsDouble(i), Float.MAX_VALUE));
      }
      Matrix there = scratch.matrix(1, length, DType.F32);
      session.copy(host.buffer(), there.buffer());
      session.synchronize();
      return there;
    }
  }

  /** One of another. */
  static Matrix map(Session session, Scratch scratch, Matrix vector, DoubleUnaryOperator of) {
    float[] values = download(session, scratch, vector);
    return upload(session, scratch, values.length, i -> of.applyAsDouble(values[i]));
  }
}
