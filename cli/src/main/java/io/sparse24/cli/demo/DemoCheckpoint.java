package io.sparse24.cli.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.format.CheckpointWriter;
import io.sparse24.format.SparseFormat;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The whole model as a checkpoint: pruned layers as {@code sparse-24-bitmask}, the rest dense. */
final class DemoCheckpoint {
  private static final SparseFormat FORMAT = SparseFormat.BITMASK;

  private DemoCheckpoint() {}

  static void write(Path out, Session session, MiniLmWeights model, List<PrunedLayer> pruned)
      throws IOException {
    List<MiniLmWeights.Layer> layers = model.layers();
    List<TensorInfo> plan = new ArrayList<>();
    long dense = 0;
    for (OnnxModel.Tensor tensor : model.rest()) {
      TensorInfo info = new TensorInfo(tensor.name(), TensorType.F32, tensor.dims());
      plan.add(info);
      dense += info.elements();
    }
    long dropped = 0;
    for (MiniLmWeights.Layer layer : layers) {
      Matrix w = layer.weight();
      plan.addAll(FORMAT.parts(layer.name() + ".weight", w.dtype(), w.rows(), w.cols()));
      dropped += w.rows() * w.cols() / 2;
    }
    ObjectNode config = config();
    FORMAT.describe(
        config,
        (double) dropped / (dense + 2 * dropped),
        model.rest().stream()
            .filter(tensor -> tensor.dims().size() == 2)
            .map(OnnxModel.Tensor::name)
            .toList());
    try (CheckpointWriter writer =
            CheckpointWriter.create(
                out, plan, Map.of("format", "pt"), CheckpointWriter.DEFAULT_SHARD_BYTES);
        Arena arena = Arena.ofConfined()) {
      for (OnnxModel.Tensor tensor : model.rest()) {
        // A segment of heap bytes can't be written to a channel as it is.
        MemorySegment bytes = MemorySegment.ofBuffer(tensor.data());
        writer.write(arena.allocate(bytes.byteSize()).copyFrom(bytes));
      }
      for (PrunedLayer layer : pruned) {
        for (MemorySegment part : FORMAT.encode(session, layer.weight(), arena)) {
          writer.write(part);
        }
      }
      writer.commit(config);
    }
  }

  private static ObjectNode config() {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.putArray("architectures").add("BertModel");
    return config
        .put("model_type", "bert")
        .put("hidden_act", "gelu")
        .put("hidden_size", MiniLmWeights.HIDDEN)
        .put("intermediate_size", MiniLmWeights.INTERMEDIATE)
        .put("layer_norm_eps", 1e-12)
        .put("max_position_embeddings", MiniLmWeights.POSITIONS)
        .put("num_attention_heads", MiniLmWeights.HEADS)
        .put("num_hidden_layers", MiniLmWeights.BLOCKS)
        .put("torch_dtype", "float32")
        .put("type_vocab_size", 2)
        .put("vocab_size", MiniLmWeights.VOCABULARY);
  }
}
