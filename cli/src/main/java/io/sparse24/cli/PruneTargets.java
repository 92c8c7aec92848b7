package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.Weight;
import io.sparse24.llm.LayerPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Which weights of a checkpoint are pruned and how; all are checked before the first is. */
final class PruneTargets {
  private final Path in;
  private final Selection selection;
  private final PrunePlans plans;

  PruneTargets(Path in, Selection selection, PrunePlans plans) {
    this.in = in;
    this.selection = selection;
    this.plans = plans;
  }

  /** In the order of the checkpoint; {@code usual} are those to prune where no option names any. */
  Map<Weight, LayerPlan> of(List<Weight> weights, Predicate<Weight> usual) throws IOException {
    Map<Weight, LayerPlan> chosen = new LinkedHashMap<>();
    for (Weight weight : weights) {
      if (selection.takes(weight)
          && !plans.skips(weight.name())
          && (selection.isExplicit() || usual.test(weight))) {
        LayerPlan plan = plans.of(weight.name());
        requirePrunable(weight, plan);
        chosen.put(weight, plan);
      }
    }
    if (chosen.isEmpty()) {
      throw nothingToPrune();
    }
    requireOneFormat(chosen.values());
    return chosen;
  }

  /** Of all weights that are pruned: one file can't be described as being of two formats. */
  private static void requireOneFormat(Collection<LayerPlan> plans) {
    List<String> formats =
        plans.stream()
            .map(LayerPlan::format)
            .filter(each -> each != SparseFormat.DENSE)
            .map(SparseFormat::id)
            .distinct()
            .toList();
    if (formats.size() > 1) {
      throw new IllegalArgumentException(
          "recipe: stores weights as " + String.join(" and as ", formats) + ", must be one format");
    }
  }

  private IllegalArgumentException nothingToPrune() {
    return new IllegalArgumentException(
        in
            + ": has no weight to prune (matrices of F32, BF16 or F16"
            + (selection.isExplicit() ? " that --include matches)" : "; see --include)"));
  }

  private void requirePrunable(Weight weight, LayerPlan plan) throws IOException {
    if (weight.isCompressed()) {
      throw wrong(
          weight,
          "is stored as "
              + weight.format().id()
              + " already; run 's24 decompress' first, or "
              + Selection.excluding(weight));
    }
    long n = weight.info().shape().get(0);
    long k = weight.info().shape().get(1);
    Pattern to = plan.pattern();
    if (!to.fits(k)) {
      throw wrong(
          weight,
          "is "
              + weight.info().shapeText()
              + ", k = "
              + k
              + " is not a multiple of "
              + to.of()
              + ", which "
              + to
              + " needs; "
              + Selection.excluding(weight));
    }
    try {
      plan.format().parts(weight.name(), weight.dtype(), n, k);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          in
              + ": "
              + e.getMessage()
              + "; use --format "
              + SparseFormat.BITMASK.id()
              + ", or "
              + Selection.excluding(weight),
          e);
    }
  }

  private IllegalArgumentException wrong(Weight weight, String problem) {
    return new IllegalArgumentException(in + ": weight '" + weight.name() + "' " + problem);
  }
}
