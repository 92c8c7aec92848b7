package io.sparse24.llm;

import java.util.LinkedHashMap;
import java.util.Map;

/** What pruning one block needs in memory, counted. */
final class BlockMemory {
  private BlockMemory() {}

  /**
   * The weights of a block three times (dense, as stored and as used), scores of the largest, a
   * crop and what is kept of it; where channels are reordered, the weights twice more, their
   * gradients, scores, and a part's assignment; where a method needs Gram matrices, those, and what
   * it works with.
   *
   * @param longest sample, tokens
   * @return bytes, an upper bound
   */
  static long bound(BlockModel model, Map<String, LayerPlan> plans, int longest) {
    long largest = 0;
    long widest = 0;
    long elements = 0;
    Map<String, Long> inputs = new LinkedHashMap<>();
    for (LinearLayer layer : model.layers(0)) {
      largest = Math.max(largest, layer.n() * layer.k());
      widest = Math.max(widest, layer.k());
      elements += layer.n() * layer.k();
      inputs.put(layer.input(), layer.k());
    }
    long type = model.dtype().bytes();
    long kept = inputs.values().stream().mapToLong(Long::longValue).sum();
    long bytes =
        3 * elements * type
            + largest * (Float.BYTES + 2 * type)
            + longest * (model.elementsOfToken() + kept) * type;
    if (plans.values().stream().anyMatch(LayerPlan::reordered)) {
      bytes += 2 * elements * type + 3 * largest * Float.BYTES;
      if (plans.values().stream().anyMatch(plan -> plan.method().needsGradient())) {
        bytes += elements * Float.BYTES;
      }
      long groups =
          widest
              / plans.values().stream()
                  .filter(LayerPlan::reordered)
                  .mapToInt(plan -> plan.pattern().of())
                  .min()
                  .orElse(1);
      bytes += groups * groups * Float.BYTES;
    }
    if (plans.values().stream().anyMatch(LayerPlan::needsGram)) {
      // Each with two factors in F32; the largest in float64, twice; weights in F32.
      bytes += 3 * Float.BYTES * inputs.values().stream().mapToLong(k -> k * k).sum();
      bytes += 2 * widest * widest * Double.BYTES + 5 * largest * Float.BYTES;
    }
    return bytes;
  }
}
