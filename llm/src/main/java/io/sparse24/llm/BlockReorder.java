package io.sparse24.llm;

import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Brings channels inside of a block into an order in which more of them stays. */
final class BlockReorder {
  private final Session session;
  private final ModelWeights source;
  private final BlockModel.Block block;
  private final Map<String, Matrix> weights;
  private final Map<String, Matrix> gradients;
  private final LayerPruner.Statistics statistics;
  private final Arena arena;
  private final Map<TensorInfo, Matrix> biases = new LinkedHashMap<>();

  /**
   * Of a block.
   *
   * @param weights that are to be pruned, by name, in host memory: replaced by reordered ones
   * @param gradients of them, or none: the same
   * @param statistics of the block's inputs: the same
   * @param arena keeps what is made
   */
  BlockReorder(
      Session session,
      ModelWeights source,
      BlockModel.Block block,
      Map<String, Matrix> weights,
      Map<String, Matrix> gradients,
      LayerPruner.Statistics statistics,
      Arena arena) {
    this.session = session;
    this.source = source;
    this.block = block;
    this.weights = weights;
    this.gradients = gradients;
    this.statistics = statistics;
    this.arena = arena;
  }

  /**
   * By the scores of the layer that multiplies the channels.
   *
   * @return the layers whose weights are others now
   */
  List<LinearLayer> of(LinearLayer layer, Channels channels, LayerPlan plan) throws IOException {
    Matrix w = Objects.requireNonNull(weights.get(layer.weight()));
    ChannelFold fold =
        new ChannelFold(
            session, plan, channels, w, statistics, layer, gradients.get(layer.weight()));
    weights.put(layer.weight(), fold.columns(w, arena));
    gradients.computeIfPresent(layer.weight(), (name, of) -> fold.columns(of, arena));
    statistics.reorder(layer.input(), fold);
    for (LinearLayer maker : channels.makers()) {
      weights.computeIfPresent(maker.weight(), (name, of) -> fold.rows(of, arena));
      gradients.computeIfPresent(maker.weight(), (name, of) -> fold.rows(of, arena));
      Matrix bias = block.linear(maker).bias();
      if (bias != null) {
        fold.biasInSession(bias);
        Weight stored = source.weight(maker.module() + Names.BIAS, maker.n());
        biases.put(stored.info(), fold.bias(stored.parts().getFirst().matrix(arena), arena));
      }
    }
    List<LinearLayer> all = new ArrayList<>(channels.makers());
    all.add(layer);
    return all;
  }

  /** Those that are others now, as they are stored. */
  Map<TensorInfo, Matrix> biases() {
    return biases;
  }
}
