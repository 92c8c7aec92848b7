package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.llm.DecoderConfig.RopeScaling;
import java.lang.foreign.Arena;

/**
 * Cosines and sines of the rotary positions (Su and others, arXiv 2104.09864): of position p and
 * pair j those of {@code p · theta^(−2j / headDim)}.
 *
 * @param cosines {@code [positions, headDim / 2]} F32
 * @param sines the same
 */
record RopeTable(Matrix cosines, Matrix sines) {
  /** In memory of a session. */
  static RopeTable of(DecoderConfig config, long positions, Session session, Scratch memory) {
    int half = config.headDim() / 2;
    Matrix cosines = memory.matrix(positions, half, DType.F32);
    Matrix sines = memory.matrix(positions, half, DType.F32);
    try (Arena arena = Arena.ofConfined()) {
      Matrix c = Matrix.allocate(arena, positions, half, DType.F32);
      Matrix s = Matrix.allocate(arena, positions, half, DType.F32);
      for (int j = 0; j < half; j++) {
        double frequency = frequency(config, j);
        for (long p = 0; p < positions; p++) {
          c.set(p, j, (float) StrictMath.cos(p * frequency));
          s.set(p, j, (float) StrictMath.sin(p * frequency));
        }
      }
      session.copy(c.buffer(), cosines.buffer());
      session.copy(s.buffer(), sines.buffer());
      session.synchronize();
    }
    return new RopeTable(cosines, sines);
  }

  static double frequency(DecoderConfig config, int pair) {
    double frequency = StrictMath.pow(config.ropeTheta(), -2.0 * pair / config.headDim());
    RopeScaling scaling = config.ropeScaling();
    if (scaling == null) {
      return frequency;
    }
    double waves = scaling.originalPositions() * frequency / (2 * Math.PI);
    double share =
        (waves - scaling.lowFrequency()) / (scaling.highFrequency() - scaling.lowFrequency());
    double kept = Math.clamp(share, 0, 1);
    return (1 - kept) * frequency / scaling.factor() + kept * frequency;
  }
}
