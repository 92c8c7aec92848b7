package io.sparse24.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The plan of a checkpoint made from another: which weights change how they are stored, and
 * everything else as it was. Weights are then written one at a time in {@link #weights} order.
 */
public final class CheckpointCopy {
  private final Checkpoint from;
  private final List<Weight> weights;
  private final Map<Weight, SparseFormat> formats = new HashMap<>();
  private final Map<Weight, List<TensorInfo>> added = new HashMap<>();
  private final Map<String, JsonNode> described = new LinkedHashMap<>();
  private long bytesOut;

  /**
   * Nothing changed yet.
   *
   * @param from the source
   * @throws FormatException if the parts of a weight do not belong together
   */
  public CheckpointCopy(Checkpoint from) throws FormatException {
    this.from = from;
    this.weights = from.weights();
    weights.forEach(weight -> formats.put(weight, weight.format()));
  }

  /**
   * All weights, in the order in which they must be written.
   *
   * @return stored order
   */
  public List<Weight> weights() {
    return weights;
  }

  /**
   * Stores a weight in another format; its bytes are given by the caller instead of {@link #pass}.
   *
   * @param weight one of {@link #weights}, a matrix of F32, BF16 or F16
   * @param format how to store it
   * @throws IllegalArgumentException if it is none of {@link #weights}
   */
  public void store(Weight weight, SparseFormat format) {
    if (formats.replace(weight, format) == null) {
      throw new IllegalArgumentException(
          "weight: '" + weight.name() + "' is none of this copy's weights");
    }
  }

  /**
   * Puts tensors behind a weight that is {@linkplain #store stored} by the caller, who gives their
   * bytes too.
   *
   * @param weight one of {@link #weights}
   * @param tensors of names that the source has not
   * @throws IllegalArgumentException if it is none of {@link #weights}
   */
  public void add(Weight weight, List<TensorInfo> tensors) {
    if (!formats.containsKey(weight)) {
      throw new IllegalArgumentException(
          "weight: '" + weight.name() + "' is none of this copy's weights");
    }
    added.put(weight, List.copyOf(tensors));
  }

  /**
   * Adds a key to {@code config.json}.
   *
   * @param key of the outermost object
   * @param value what it gets
   */
  public void describe(String key, JsonNode value) {
    described.put(key, value);
  }

  /**
   * The tensors that a weight becomes, in the order in which they must be written.
   *
   * @param weight one of {@link #weights}
   * @return its own, then those that were added
   * @throws FormatException if it is no matrix but must be
   */
  public List<TensorInfo> parts(Weight weight) throws FormatException {
    List<TensorInfo> all = new ArrayList<>(ownParts(weight));
    all.addAll(added.getOrDefault(weight, List.of()));
    return all;
  }

  private List<TensorInfo> ownParts(Weight weight) throws FormatException {
    SparseFormat format = format(weight);
    if (format == weight.format()) {
      return weight.parts().stream().map(Tensor::info).toList();
    }
    List<Long> shape = weight.info().shape();
    if (shape.size() != 2) {
      throw new FormatException(
          weight.parts().get(0).file(),
          weight.name(),
          "is " + weight.info().type() + " " + weight.info().shapeText() + ", must be a matrix");
    }
    return format.parts(weight.name(), weight.dtype(), shape.get(0), shape.get(1));
  }

  private SparseFormat format(Weight weight) {
    return formats.getOrDefault(weight, weight.format());
  }

  /**
   * Starts the new checkpoint.
   *
   * @param out where; must not exist
   * @return to be given every weight in order, then {@link #finish}
   * @throws IOException if it can't be written
   * @throws IllegalArgumentException if a format can't hold a weight, with its name and the rule
   */
  public CheckpointWriter start(Path out) throws IOException {
    List<TensorInfo> plan = new ArrayList<>();
    List<String> unsuffixed = new ArrayList<>();
    for (Weight weight : weights) {
      plan.addAll(parts(weight));
      if (format(weight) == SparseFormat.BITMASK && SparseFormat.unsuffixed(weight.name())) {
        unsuffixed.add(weight.name());
      }
    }
    Map<String, String> metadata = from.metadata();
    metadata.remove(SparseFormat.UNSUFFIXED);
    if (!unsuffixed.isEmpty()) {
      metadata.put(SparseFormat.UNSUFFIXED, String.join("\n", unsuffixed));
    }
    bytesOut = plan.stream().mapToLong(TensorInfo::bytes).sum();
    return CheckpointWriter.create(out, plan, metadata, CheckpointWriter.DEFAULT_SHARD_BYTES);
  }

  /**
   * Writes a weight as it was stored.
   *
   * @param weight the next one, not changed by {@link #store}
   * @param writer from {@link #start}
   * @throws IOException if it can't be written
   */
  public void pass(Weight weight, CheckpointWriter writer) throws IOException {
    for (Tensor part : weight.parts()) {
      writer.write(part.segment());
    }
  }

  /**
   * Copies companion files, describes the format in {@code config.json} and puts the new checkpoint
   * into place.
   *
   * @param writer from {@link #start}
   * @throws IOException if that fails
   */
  public void finish(CheckpointWriter writer) throws IOException {
    writer.copyCompanions(from.path());
    SparseFormat compressed = SparseFormat.DENSE;
    List<String> plain = new ArrayList<>();
    long dropped = 0;
    long elements = 0;
    for (Weight weight : weights) {
      elements += weight.info().elements();
      if (format(weight) != SparseFormat.DENSE) {
        compressed = format(weight);
        dropped += weight.info().elements() / 2;
      } else if (weight.info().shape().size() == 2) {
        plain.add(weight.name());
      }
    }
    ObjectNode config = from.config();
    if (config == null) {
      config = Json.TREE.createObjectNode();
    }
    compressed.describe(config, elements == 0 ? 0 : (double) dropped / elements, plain);
    config.setAll(described);
    writer.commit(config);
  }

  /**
   * Size of the source's tensors.
   *
   * @return bytes
   */
  public long bytesIn() {
    return weights.stream().mapToLong(Weight::storedBytes).sum();
  }

  /**
   * Size of the new checkpoint's tensors, once started.
   *
   * @return bytes
   */
  public long bytesOut() {
    return bytesOut;
  }
}
