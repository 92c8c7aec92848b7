package io.sparse24.cli;

import io.sparse24.api.DType;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A small checkpoint a test makes up: tensors of floats, and files to keep them in. */
final class Model {
  private static final class Values {
    final TensorInfo info;
    final float[] floats;

    Values(TensorInfo info, float[] floats) {
      this.info = info;
      this.floats = floats;
    }
  }

  private final Map<String, Values> tensors = new LinkedHashMap<>();
  private final Random random = new Random(20240517);

  /** A tensor of normal values. */
  Model normal(String name, DType dtype, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return put(name, dtype, values, shape);
  }

  Model put(String name, DType dtype, float[] values, long... shape) {
    tensors.put(name, new Values(TensorInfo.of(name, TensorType.of(dtype), shape), values));
    return this;
  }

  /** A copy of the values as they were given, not yet rounded to the type. */
  float[] floats(String name) {
    return values(name).floats.clone();
  }

  /** The stored bits of each element. */
  int[] bits(String name) {
    Values tensor = values(name);
    int[] bits = new int[tensor.floats.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = bits(tensor.info.type(), tensor.floats[i]);
    }
    return bits;
  }

  private static int bits(TensorType type, float value) {
    return switch (type) {
      case F32 -> Float.floatToRawIntBits(value);
      case BF16 -> Float.floatToRawIntBits(value) >>> 16;
      case F16 -> Float.floatToFloat16(value) & 0xFFFF;
      default -> throw new AssertionError(type);
    };
  }

  /** As one file. */
  Path write(Path file) throws IOException {
    return write(file, List.copyOf(tensors.keySet()));
  }

  private Path write(Path file, List<String> names) throws IOException {
    List<TensorInfo> infos = names.stream().map(name -> values(name).info).toList();
    try (SafetensorsWriter writer = new SafetensorsWriter(file, infos, Map.of());
        Arena arena = Arena.ofConfined()) {
      for (String name : names) {
        int[] bits = bits(name);
        int width = values(name).info.type().bits() / 8;
        MemorySegment bytes = arena.allocate((long) bits.length * width, 4);
        for (int i = 0; i < bits.length; i++) {
          if (width == 4) {
            bytes.setAtIndex(ValueLayout.JAVA_INT, i, bits[i]);
          } else {
            bytes.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) bits[i]);
          }
        }
        writer.write(bytes);
      }
      writer.commit();
    }
    return file;
  }

  private Values values(String name) {
    Values tensor = tensors.get(name);
    if (tensor == null) {
      throw new AssertionError("no tensor " + name);
    }
    return tensor;
  }

  /** As a directory with one shard a tensor. */
  Path writeShards(Path folder) throws IOException {
    Files.createDirectory(folder);
    StringBuilder map = new StringBuilder();
    int shard = 0;
    for (String name : tensors.keySet()) {
      String file = "shard-" + ++shard + ".safetensors";
      write(folder.resolve(file), List.of(name));
      map.append(map.isEmpty() ? "" : ",").append('"' + name + "\":\"" + file + '"');
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + map + "}}");
    return folder;
  }

  /** The bits of a plain F32, BF16 or F16 tensor of a checkpoint. */
  static int[] read(Path path, String name) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      var tensor = checkpoint.tensor(name);
      boolean wide = tensor.info().type().bits() == 32;
      int[] bits = new int[(int) tensor.info().elements()];
      for (int i = 0; i < bits.length; i++) {
        bits[i] =
            wide
                ? tensor.segment().get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i)
                : tensor.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) & 0xFFFF;
      }
      return bits;
    }
  }

  /**
   * What is left of a weight when of each group those of the highest |w| · norm stay, the lower
   * index where two are equal. Written apart from the library, with a sort.
   *
   * @param norms of the columns; length k
   */
  int[] select(String name, double[] norms, int keep, int of) {
    int[] kept = bits(name);
    float[] values = values(name).floats;
    DType dtype = values(name).info.type().dtype();
    int k = norms.length;
    for (int start = 0; start < kept.length; start += of) {
      int group = start;
      Integer[] order = new Integer[of];
      Arrays.setAll(order, i -> group + i);
      Arrays.sort(
          order,
          (a, b) ->
              Double.compare(
                  Math.abs(rounded(dtype, values[b])) * norms[b % k],
                  Math.abs(rounded(dtype, values[a])) * norms[a % k]));
      for (int i = keep; i < of; i++) {
        kept[order[i]] = 0;
      }
    }
    return kept;
  }

  private static double rounded(@org.jspecify.annotations.Nullable DType dtype, float value) {
    if (dtype == DType.F32) {
      return value;
    }
    return dtype == DType.F16
        ? Float.float16ToFloat(Float.floatToFloat16(value))
        : Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xFFFF_0000);
  }

  static double[] ones(int k) {
    double[] ones = new double[k];
    Arrays.fill(ones, 1);
    return ones;
  }
}
