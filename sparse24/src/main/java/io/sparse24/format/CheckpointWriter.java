package io.sparse24.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a checkpoint tensor by tensor: a single file where OUT ends in {@code .safetensors}, else
 * a directory with {@code model.safetensors}, or shards and their index, and {@code config.json}.
 * OUT appears only when whole; it must not exist before.
 */
public final class CheckpointWriter implements AutoCloseable {
  /** Shards as large as the ones of model hubs. */
  public static final long DEFAULT_SHARD_BYTES = 5L << 30;

  /** What holds weights, of this format or another, or says where they are. */
  private static final List<String> WEIGHT_FILES =
      List.of(
          ".safetensors",
          ".bin",
          ".pt",
          ".pth",
          ".gguf",
          ".onnx",
          ".h5",
          ".msgpack",
          ".ot",
          ".index.json");

  private final Path target;
  private final Path work;
  private final boolean single;
  private final List<List<TensorInfo>> shards;
  private final Map<String, String> metadata;
  private final Thread hook;
  private volatile @Nullable SafetensorsWriter file; // the hook reads it
  private int shard = -1;
  private long shardLeft;

  private CheckpointWriter(
      Path target, boolean single, List<List<TensorInfo>> shards, Map<String, String> metadata)
      throws IOException {
    this.target = target;
    this.single = single;
    this.shards = shards;
    this.metadata = new LinkedHashMap<>(metadata); // in order: equal runs give equal bytes
    this.work = single ? target : Temporary.beside(target);
    if (!single) {
      Files.createDirectory(work);
    }
    // An interrupted run leaves nothing behind; a killed one at most a hidden .part.
    this.hook = new Thread(this::discard, "s24-discard-" + target.getFileName());
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Starts a checkpoint.
   *
   * @param target OUT
   * @param tensors all tensors in the order in which their bytes will come
   * @param metadata the strings of {@code __metadata__}
   * @param shardBytes largest shard, unless one tensor is larger
   * @return closed by the caller
   * @throws FileAlreadyExistsException if OUT exists
   * @throws IOException if it can't be written
   * @throws IllegalArgumentException if a name is there twice or no header can hold it
   */
  public static CheckpointWriter create(
      Path target, List<TensorInfo> tensors, Map<String, String> metadata, long shardBytes)
      throws IOException {
    Temporary.requireAbsent(target);
    SafetensorsWriter.checkNames(tensors);
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new IOException(target + ": its folder does not exist");
    }
    boolean single = target.toString().endsWith(".safetensors");
    List<List<TensorInfo>> shards = new ArrayList<>();
    long size = 0;
    for (TensorInfo tensor : tensors) {
      if (shards.isEmpty() || (!single && size > 0 && size + tensor.bytes() > shardBytes)) {
        shards.add(new ArrayList<>());
        size = 0;
      }
      shards.getLast().add(tensor);
      size += tensor.bytes();
    }
    if (shards.isEmpty()) {
      shards.add(List.of());
    }
    return new CheckpointWriter(target, single, shards, metadata);
  }

  private String shardName(int index) {
    return shards.size() == 1
        ? Checkpoint.SINGLE
        : "model-%05d-of-%05d.safetensors".formatted(index + 1, shards.size());
  }

  /** The writer of the shard that the next byte goes to. */
  private SafetensorsWriter open() throws IOException {
    SafetensorsWriter open = file;
    while (open == null || shardLeft == 0) {
      if (open != null) {
        if (shard + 1 == shards.size()) {
          return open;
        }
        open.commit();
        open.close();
      }
      shard++;
      List<TensorInfo> tensors = shards.get(shard);
      shardLeft = tensors.stream().mapToLong(TensorInfo::bytes).sum();
      Path path = single ? target : work.resolve(shardName(shard));
      open = new SafetensorsWriter(path, tensors, metadata);
      file = open;
    }
    return open;
  }

  /**
   * Writes the next bytes of the current tensor.
   *
   * @param bytes a piece of it, or all
   * @throws IOException if it can't be written
   */
  public void write(MemorySegment bytes) throws IOException {
    if (bytes.byteSize() == 0) {
      return;
    }
    SafetensorsWriter out = open();
    out.write(bytes);
    shardLeft -= bytes.byteSize();
  }

  /**
   * Copies the other files of a model directory: tokenizer, generation settings, licence. Left out
   * are hidden files and the files that hold weights, which would be the old ones and large: {@code
   * *.safetensors} and other formats' {@code *.bin}, {@code *.pt}, {@code *.pth}, {@code *.gguf},
   * {@code *.onnx}, {@code *.h5}, {@code *.msgpack} and {@code *.ot}, and their indexes {@code
   * *.index.json}.
   *
   * @param from the model's directory; a file is passed over
   * @throws IOException if that fails
   */
  public void copyCompanions(Path from) throws IOException {
    if (single || !Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> list = Files.list(from)) {
      for (Path path : list.filter(Files::isRegularFile).sorted().toList()) {
        String name = path.getFileName().toString();
        if (isCompanion(name)) {
          Files.copy(path, work.resolve(name));
        }
      }
    }
  }

  private static boolean isCompanion(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return !name.equals(Checkpoint.CONFIG)
        && !name.startsWith(".")
        && WEIGHT_FILES.stream().noneMatch(lower::endsWith);
  }

  /**
   * Writes what is left and renames OUT into place.
   *
   * @param config the tree of {@code config.json}, or null for none; a single file has none
   * @throws IOException if that fails
   */
  public void commit(@Nullable ObjectNode config) throws IOException {
    SafetensorsWriter last = open();
    last.commit(); // refuses if bytes are missing
    last.close();
    if (single) {
      removeHook();
      return;
    }
    if (shards.size() > 1) {
      writeJson(Checkpoint.INDEX, index());
    }
    if (config != null) {
      writeJson(Checkpoint.CONFIG, config);
    }
    Temporary.rename(work, target);
    removeHook();
  }

  private ObjectNode index() {
    ObjectNode index = Json.TREE.createObjectNode();
    long total = 0;
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      for (TensorInfo tensor : shards.get(i)) {
        map.put(tensor.name(), shardName(i));
        total += tensor.bytes();
      }
    }
    index.putObject("metadata").put("total_size", total);
    ObjectNode weights = index.putObject("weight_map");
    map.forEach(weights::put);
    return index;
  }

  private void writeJson(String name, ObjectNode tree) throws IOException {
    Path path = work.resolve(name);
    Files.write(path, Json.TREE.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree));
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private void removeHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is going down; the hook finds nothing to do.
    }
  }

  private void discard() {
    try {
      SafetensorsWriter open = file;
      if (open != null) {
        open.close();
      }
      if (!single) {
        Temporary.delete(work);
      }
    } catch (IOException e) {
      System.getLogger("io.sparse24")
          .log(System.Logger.Level.WARNING, "could not remove " + work + ": " + e.getMessage());
    }
  }

  /** Without {@link #commit} before, leaves nothing. */
  @Override
  public void close() {
    discard();
    removeHook();
  }
}
