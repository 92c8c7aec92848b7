package io.sparse24.cli.demo;

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

/** The whole model as a Hugging Face directory, pruned layers as {@code sparse-24-bitmask}. */
final class DemoCheckpoint {
  private static final SparseFormat FORMAT = SparseFormat.BITMASK;
  private static final String WEIGHT = ".weight";

  private DemoCheckpoint() {}

  /** Pruned. */
  static void write(Path out, Session session, MiniLmWeights model, List<PrunedLayer> pruned)
      throws IOException {
    List<TensorInfo> plan = new ArrayList<>(rest(model));
    long dense = plan.stream().mapToLong(TensorInfo::elements).sum();
    long dropped = 0;
    for (MiniLmWeights.Layer layer : model.layers()) {
      Matrix w = layer.weight();
      plan.addAll(FORMAT.parts(layer.name() + WEIGHT, w.dtype(), w.rows(), w.cols()));
      dropped += w.rows() * w.cols() / 2;
    }
    ObjectNode config = MiniLmWeights.CONFIG.json();
    FORMAT.describe(
        config,
        (double) dropped / (dense + 2 * dropped),
        model.rest().stream()
            .filter(tensor -> tensor.dims().size() == 2)
            .map(OnnxModel.Tensor::name)
            .toList());
    try (CheckpointWriter writer = writer(out, plan);
        Arena arena = Arena.ofConfined()) {
      writeRest(model, writer, arena);
      for (PrunedLayer layer : pruned) {
        for (MemorySegment part : FORMAT.encode(session, layer.weight(), arena)) {
          writer.write(part);
        }
      }
      writer.commit(config);
    }
    Tokenizer.copy(out);
  }

  /** As it is. */
  static void writeDense(Path out, MiniLmWeights model) throws IOException {
    List<TensorInfo> plan = new ArrayList<>(rest(model));
    for (MiniLmWeights.Layer layer : model.layers()) {
      Matrix w = layer.weight();
      plan.add(TensorInfo.of(layer.name() + WEIGHT, TensorType.F32, w.rows(), w.cols()));
    }
    try (CheckpointWriter writer = writer(out, plan);
        Arena arena = Arena.ofConfined()) {
      writeRest(model, writer, arena);
      for (MiniLmWeights.Layer layer : model.layers()) {
        writer.write(layer.weight().segment());
      }
      writer.commit(MiniLmWeights.CONFIG.json());
    }
    Tokenizer.copy(out);
  }

  private static CheckpointWriter writer(Path out, List<TensorInfo> plan) throws IOException {
    return CheckpointWriter.create(
        out, plan, Map.of("format", "pt"), CheckpointWriter.DEFAULT_SHARD_BYTES);
  }

  private static List<TensorInfo> rest(MiniLmWeights model) {
    return model.rest().stream()
        .map(tensor -> new TensorInfo(tensor.name(), TensorType.F32, tensor.dims()))
        .toList();
  }

  private static void writeRest(MiniLmWeights model, CheckpointWriter writer, Arena arena)
      throws IOException {
    for (OnnxModel.Tensor tensor : model.rest()) {
      // A segment of heap bytes can't be written to a channel as it is.
      MemorySegment bytes = MemorySegment.ofBuffer(tensor.data());
      writer.write(arena.allocate(bytes.byteSize()).copyFrom(bytes));
    }
  }
}
