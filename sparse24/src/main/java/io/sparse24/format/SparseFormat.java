package io.sparse24.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** How a 2:4 weight lies in a checkpoint. */
public enum SparseFormat {
  /** A dense tensor with zeros, under the weight's own name. */
  DENSE("dense"),

  /**
   * compressed-tensors' {@code sparse-24-bitmask}: {@code <module>.compressed} {@code [n, k/2]},
   * {@code <module>.bitmask} U8 {@code [n, ceil(k/8)]} least significant bit first, {@code
   * <module>.shape} I64 {@code [2, 1]}; {@code <module>} is the weight's name without {@code
   * .weight}.
   */
  BITMASK("sparse-24-bitmask"),

  /**
   * PyTorch's semi-structured (CUTLASS) layout: {@code <name>.packed} {@code [n, k/2]} and {@code
   * <name>.meta}, reordered as {@link TorchMetadata} says: I16 {@code [n, k/16]} for 16-bit types,
   * n a multiple of 32 and k of 64; I32 {@code [n, k/32]} for 8-bit ones, n a multiple of 16 and k
   * of 128.
   */
  TORCH("torch");

  /** Metadata key: the names of bitmask weights that do not end in {@code .weight}, one a line. */
  static final String UNSUFFIXED = "sparse24.unsuffixed";

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String QUANTIZATION = "quantization_config";
  private static final String WEIGHT = ".weight";
  private static final String COMPRESSED = ".compressed";
  private static final String BITS = ".bitmask";
  private static final String SHAPE = ".shape";
  private static final String PACKED = ".packed";
  private static final String META = ".meta";

  private final String id;

  SparseFormat(String id) {
    this.id = id;
  }

  /**
   * The name users write.
   *
   * @return such as {@code sparse-24-bitmask}
   */
  public String id() {
    return id;
  }

  /**
   * Finds a format.
   *
   * @param id as users write it
   * @return the format
   * @throws IllegalArgumentException if there is none, with the names there are
   */
  public static SparseFormat named(String id) {
    for (SparseFormat format : values()) {
      if (format.id.equals(id)) {
        return format;
      }
    }
    throw new IllegalArgumentException(
        "format: is '" + id + "', must be one of dense, sparse-24-bitmask, torch");
  }

  private static String module(String name) {
    return name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
  }

  /** Whether a bitmask weight of this name needs an entry under {@link #UNSUFFIXED}. */
  static boolean unsuffixed(String name) {
    return !name.endsWith(WEIGHT);
  }

  /**
   * The tensors a weight becomes, in order. Row scales of I8 and F8_E4M3 are none of them: a
   * checkpoint has them as a tensor of its own, which the caller writes.
   *
   * @param name the weight's name
   * @param dtype its type
   * @param n outputs
   * @param k inputs
   * @return name, type and shape of each
   * @throws IllegalArgumentException if the format can't hold it, with the weight's name and the
   *     rule
   */
  public List<TensorInfo> parts(String name, DType dtype, long n, long k) {
    TensorType type = TensorType.of(dtype);
    return switch (this) {
      case DENSE -> List.of(TensorInfo.of(name, type, n, k));
      case BITMASK -> {
        if (k % 4 != 0) {
          throw new IllegalArgumentException(
              name + ": k = " + k + " is not a multiple of 4, which sparse-24-bitmask needs");
        }
        yield List.of(
            TensorInfo.of(module(name) + COMPRESSED, type, n, k / 2),
            TensorInfo.of(module(name) + BITS, TensorType.U8, n, (k + 7) / 8),
            TensorInfo.of(module(name) + SHAPE, TensorType.I64, 2, 1));
      }
      case TORCH -> {
        TorchMetadata.check(name, type, n, k);
        TorchMetadata meta = TorchMetadata.of(type, n);
        yield List.of(
            TensorInfo.of(name + PACKED, type, n, k / 2),
            TensorInfo.of(name + META, meta.type(), n, k / meta.columnsOfWord()));
      }
    };
  }

  /**
   * The bytes of those tensors, without row scales.
   *
   * @param session decompresses, for {@link #DENSE}
   * @param weight in host memory, rows without gaps
   * @param arena holds what is made
   * @return one segment a part
   */
  public List<MemorySegment> encode(Session session, Compressed24 weight, Arena arena) {
    Weight.checkNoGaps("weight", weight);
    return switch (this) {
      case DENSE -> {
        Matrix dense = Matrix.allocate(arena, weight.n(), weight.k(), weight.dtype());
        try (Scratch scratch = session.scratch()) {
          Matrix out =
              session.info().hostMemory()
                  ? dense
                  : scratch.matrix(weight.n(), weight.k(), weight.dtype());
          session.decompress24(scratch.upload(weight), out);
          session.synchronize();
          if (out != dense) {
            scratch.download(out, dense);
          }
        }
        yield List.of(dense.segment());
      }
      case BITMASK -> {
        MemorySegment shape = arena.allocate(16, 8);
        shape.set(LONG, 0, weight.n());
        shape.set(LONG, 8, weight.k());
        yield List.of(weight.values().segment(), weight.mask().segment(), shape);
      }
      case TORCH -> {
        TensorType type = TensorType.of(weight.dtype());
        TorchMetadata.check("weight", type, weight.n(), weight.k());
        MemorySegment meta = arena.allocate(weight.n() * (weight.k() / 8), Integer.BYTES);
        TorchMetadata.of(type, weight.n()).encode(weight.mask(), meta);
        yield List.of(weight.values().segment(), meta);
      }
    };
  }

  /**
   * Adds what readers of this format look for in {@code config.json}; other keys stay.
   *
   * @param config the tree
   * @param globalSparsity share of the checkpoint's elements that were dropped
   * @param ignored names of the matrices left dense
   */
  public void describe(ObjectNode config, double globalSparsity, List<String> ignored) {
    ObjectNode quantization =
        config.get(QUANTIZATION) instanceof ObjectNode there
            ? there
            : config
                .putObject(QUANTIZATION)
                .put("quant_method", "compressed-tensors")
                .put("format", "dense");
    quantization.remove("sparsity_config");
    if (this == DENSE) {
      if (!quantization.has("config_groups")
          && quantization.path("quant_method").asText().equals("compressed-tensors")) {
        config.remove(QUANTIZATION);
      }
      return;
    }
    ObjectNode sparsity = quantization.putObject("sparsity_config");
    sparsity
        .put("format", id)
        .put("sparsity_structure", "2:4")
        .put("global_sparsity", globalSparsity)
        .put("registry_requires_subclass", false);
    sparsity.putArray("targets").add("Linear");
    var ignore = sparsity.putArray("ignore");
    ignored.stream().map(SparseFormat::module).forEach(ignore::add);
  }

  /** Puts the weights of a checkpoint together. */
  static List<Weight> weights(Checkpoint checkpoint) throws FormatException {
    String lines = checkpoint.metadata().get(UNSUFFIXED);
    Set<String> unsuffixed =
        lines == null ? Set.of() : new HashSet<>(List.of(lines.split("\n", -1)));
    List<Weight> weights = new ArrayList<>();
    for (Tensor tensor : checkpoint.tensors()) {
      String name = tensor.name();
      if (isPart(checkpoint, name, COMPRESSED, BITS, SHAPE)) {
        String module = name.substring(0, name.length() - COMPRESSED.length());
        weights.add(
            bitmask(checkpoint, unsuffixed.contains(module) ? module : module + WEIGHT, tensor));
      } else if (isPart(checkpoint, name, PACKED, META)) {
        weights.add(torch(checkpoint, name.substring(0, name.length() - PACKED.length()), tensor));
      } else if (!isPart(checkpoint, name, BITS, COMPRESSED, SHAPE)
          && !isPart(checkpoint, name, SHAPE, COMPRESSED, BITS)
          && !isPart(checkpoint, name, META, PACKED)) {
        weights.add(new Weight(name, tensor.info(), DENSE, List.of(tensor)));
      }
    }
    Set<String> names = new HashSet<>();
    for (Weight weight : weights) {
      if (!names.add(weight.name())) {
        throw new FormatException(
            checkpoint.path(),
            "weight " + FormatException.quote(weight.name()) + " is there twice, in two formats");
      }
    }
    return weights;
  }

  /**
   * Whether a tensor is one of a family; a family with a member missing is an error unless it is
   * alone.
   */
  private static boolean isPart(Checkpoint checkpoint, String name, String suffix, String... others)
      throws FormatException {
    if (!name.endsWith(suffix)) {
      return false;
    }
    String stem = name.substring(0, name.length() - suffix.length());
    int found = 0;
    String missing = "";
    for (String other : others) {
      if (checkpoint.has(stem + other)) {
        found++;
      } else {
        missing = stem + other;
      }
    }
    if (found > 0 && found < others.length) {
      throw new FormatException(
          checkpoint.path(),
          name,
          "its companion " + FormatException.quote(missing) + " is missing");
    }
    return found == others.length;
  }

  private static Weight bitmask(Checkpoint checkpoint, String name, Tensor values)
      throws FormatException {
    String stem = values.name().substring(0, values.name().length() - COMPRESSED.length());
    Tensor bits = checkpoint.tensor(stem + BITS);
    Tensor shape = checkpoint.tensor(stem + SHAPE);
    if (shape.info().type() != TensorType.I64 || shape.info().elements() != 2) {
      throw wrong(shape, "must be I64 [2, 1]");
    }
    long n = shape.segment().get(LONG, 0);
    long k = shape.segment().get(LONG, 8);
    if (n < 0 || k < 0 || k % 4 != 0 || n > Tensor.MAX_EXTENT || k > Tensor.MAX_EXTENT) {
      throw wrong(shape, "says " + n + " x " + k + ", which is no 2:4 weight");
    }
    if (!values.info().shape().equals(List.of(n, k / 2))) {
      throw wrong(values, "must be [" + n + ", " + k / 2 + "] to fit shape " + n + " x " + k);
    }
    if (bits.info().type() != TensorType.U8
        || !bits.info().shape().equals(List.of(n, (k + 7) / 8))) {
      throw wrong(bits, "must be U8 [" + n + ", " + (k + 7) / 8 + "]");
    }
    TensorInfo dense = TensorInfo.of(name, values.info().type(), n, k);
    return new Weight(name, dense, BITMASK, List.of(values, bits, shape));
  }

  private static Weight torch(Checkpoint checkpoint, String name, Tensor values)
      throws FormatException {
    Tensor meta = checkpoint.tensor(name + META);
    List<Long> shape = values.info().shape();
    if (shape.size() != 2) {
      throw wrong(values, "must have 2 extents");
    }
    long n = shape.get(0);
    if (n > Tensor.MAX_EXTENT || shape.get(1) > Tensor.MAX_EXTENT / 2) {
      throw wrong(values, "must have extents of at most 2^40");
    }
    long k = shape.get(1) * 2;
    try {
      TorchMetadata.check(name, values.info().type(), n, k);
    } catch (IllegalArgumentException e) {
      throw wrong(values, String.valueOf(e.getMessage()));
    }
    TorchMetadata words = TorchMetadata.of(values.info().type(), n);
    List<Long> expected = List.of(n, k / words.columnsOfWord());
    if (meta.info().type() != words.type() || !meta.info().shape().equals(expected)) {
      throw wrong(meta, "must be " + words.type() + " " + expected);
    }
    TensorInfo dense = TensorInfo.of(name, values.info().type(), n, k);
    return new Weight(name, dense, TORCH, List.of(values, meta));
  }

  private static FormatException wrong(Tensor tensor, String problem) {
    return new FormatException(
        tensor.file(),
        tensor.name(),
        "is " + tensor.info().type() + " " + tensor.info().shapeText() + ", " + problem);
  }
}
