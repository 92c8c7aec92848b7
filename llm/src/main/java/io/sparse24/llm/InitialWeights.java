package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.train.Initial;
import java.lang.foreign.Arena;

/** What a decoder's training starts from. */
@FunctionalInterface
interface InitialWeights {
  /**
   * A tensor.
   *
   * @param name with {@code .weight}
   * @param n rows, 1 for a norm
   * @param k columns
   * @param arena holds it
   * @return host matrix of F32, BF16 or F16
   */
  Matrix weight(String name, long n, long k, Arena arena);

  /**
   * Normal with a deviation of 0.02, that of the layers that add to what passes by divided by √(2 ·
   * blocks) as in GPT-2 (Radford and others, 2019); norms are 1.
   */
  static InitialWeights random(DecoderConfig config, long seed) {
    return (name, n, k, arena) -> {
      if (name.endsWith("norm.weight")) {
        Matrix ones = Matrix.allocate(arena, n, k, DType.F32);
        for (long j = 0; j < k; j++) {
          ones.set(0, j, 1);
        }
        return ones;
      }
      boolean adds = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
      double deviation = 0.02 / (adds ? Math.sqrt(2.0 * config.layers()) : 1);
      return Initial.normal(arena, n, k, deviation, Seeds.of(seed, name));
    };
  }
}
