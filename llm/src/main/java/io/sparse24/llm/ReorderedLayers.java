package io.sparse24.llm;

import io.sparse24.Pattern;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The layers of a model whose channels are to be reordered, and what has to follow them. */
final class ReorderedLayers {
  private static final String REMEDY = "; leave it out, or say 'reorder: false' of it in a recipe";

  private final BlockModel model;
  private final Map<String, LayerPlan> plans;

  ReorderedLayers(BlockModel model, Map<String, LayerPlan> plans) {
    this.model = model;
    this.plans = plans;
  }

  boolean any() {
    return plans.values().stream().anyMatch(LayerPlan::reordered);
  }

  /** Channels of a layer that are to be reordered, or null. */
  @Nullable Channels channels(int block, LinearLayer layer) {
    LayerPlan plan = plans.get(layer.weight());
    return plan != null && plan.reordered() ? model.channels(block, layer) : null;
  }

  /**
   * Rows of weights that stay as they are can't follow a layer's columns, groups can't go over the
   * bounds of heads.
   *
   * @throws IllegalArgumentException if that is asked for, or nothing can be reordered
   */
  void check() {
    boolean found = false;
    for (int block = 0; block < model.blocks(); block++) {
      for (LinearLayer layer : model.layers(block)) {
        Channels channels = channels(block, layer);
        if (channels != null) {
          check(layer, channels);
          found = true;
        }
      }
    }
    if (any() && !found) {
      throw new IllegalArgumentException(
          "reordered: none of the chosen weights multiplies what others of its block make");
    }
  }

  private void check(LinearLayer layer, Channels channels) {
    String not = "reordered: '" + layer.weight() + "' can't be, since ";
    Pattern pattern = Objects.requireNonNull(plans.get(layer.weight())).pattern();
    if (!pattern.fits(channels.width())) {
      throw new IllegalArgumentException(
          not + "its heads of " + channels.width() + " channels don't fit " + pattern + REMEDY);
    }
    for (LinearLayer each : channels.makers()) {
      if (!plans.containsKey(each.weight())) {
        throw new IllegalArgumentException(
            not
                + "'"
                + each.weight()
                + "', whose rows would have to follow, is not pruned"
                + REMEDY);
      }
    }
  }
}
