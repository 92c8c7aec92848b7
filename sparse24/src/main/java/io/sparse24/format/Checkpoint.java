package io.sparse24.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model's tensors: one safetensors file, or a directory with {@code model.safetensors}, with
 * shards and {@code model.safetensors.index.json}, or with a single file of another name.
 */
public final class Checkpoint implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  static final String CONFIG = "config.json";
  static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final long MAX_JSON = 256L << 20;

  private final Path path;
  private final List<Safetensors> files = new ArrayList<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private @Nullable ObjectNode config;

  private Checkpoint(Path path) {
    this.path = path;
  }

  /**
   * Opens a file or a directory.
   *
   * @param path the file or directory
   * @return closed by the caller
   * @throws FormatException if something in it is wrong, with the reason
   * @throws IOException if it can't be read
   */
  public static Checkpoint open(Path path) throws IOException {
    Checkpoint checkpoint = new Checkpoint(path);
    try {
      if (!Files.exists(path)) {
        throw new NoSuchFileException(path.toString());
      }
      if (Files.isDirectory(path)) {
        checkpoint.openDirectory();
      } else {
        checkpoint.add(path);
      }
      return checkpoint;
    } catch (IOException | RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private void openDirectory() throws IOException {
    Path index = path.resolve(INDEX);
    Path single = path.resolve(SINGLE);
    if (Files.isRegularFile(index)) {
      openShards(index);
    } else if (Files.isRegularFile(single)) {
      add(single);
    } else {
      List<Path> found;
      try (Stream<Path> list = Files.list(path)) {
        found = list.filter(f -> f.toString().endsWith(".safetensors")).sorted().toList();
      }
      if (found.size() != 1) {
        throw new FormatException(
            path,
            "has neither "
                + SINGLE
                + " nor "
                + INDEX
                + ", and "
                + (found.isEmpty() ? "no" : found.size() + "")
                + " other .safetensors file"
                + (found.isEmpty() ? "" : "s, of which one must be named"));
      }
      add(found.get(0));
    }
    Path configFile = path.resolve(CONFIG);
    if (Files.isRegularFile(configFile)) {
      config = object(configFile);
    }
  }

  private void add(Path file) throws IOException {
    Safetensors opened = Safetensors.open(file);
    files.add(opened);
    for (Tensor tensor : opened.tensors()) {
      Tensor other = tensors.put(tensor.name(), tensor);
      if (other != null) {
        throw new FormatException(
            file, "tensor '" + tensor.name() + "': is in " + other.file() + " too");
      }
    }
  }

  private void openShards(Path index) throws IOException {
    JsonNode map = object(index).get("weight_map");
    if (map == null || !map.isObject()) {
      throw new FormatException(index, "has no object 'weight_map'");
    }
    Map<String, String> listed = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      if (!entry.getValue().isTextual()) {
        throw new FormatException(index, "tensor '" + entry.getKey() + "': its shard is no string");
      }
      listed.put(entry.getKey(), entry.getValue().asText());
    }
    for (String shard : new TreeSet<>(listed.values())) {
      if (shard.contains("/")
          || shard.contains("\\")
          || shard.contains("\0")
          || shard.startsWith("..")) {
        throw new FormatException(index, "shard '" + shard + "' is not in the same directory");
      }
      Path file = path.resolve(shard);
      if (!Files.isRegularFile(file)) {
        throw new FormatException(index, "shard '" + shard + "' is missing");
      }
      add(file);
    }
    for (Map.Entry<String, String> entry : listed.entrySet()) {
      Tensor tensor = tensors.get(entry.getKey());
      if (tensor == null || !tensor.file().endsWith(entry.getValue())) {
        throw new FormatException(
            index, "tensor '" + entry.getKey() + "': is not in shard '" + entry.getValue() + "'");
      }
    }
    for (String name : tensors.keySet()) {
      if (!listed.containsKey(name)) {
        throw new FormatException(index, "tensor '" + name + "': is in a shard but not listed");
      }
    }
  }

  private static ObjectNode object(Path file) throws IOException {
    if (Files.size(file) > MAX_JSON) {
      throw new FormatException(file, "has more than " + MAX_JSON + " bytes");
    }
    try {
      JsonNode tree = JSON.readTree(file.toFile());
      if (tree instanceof ObjectNode object) {
        return object;
      }
      throw new FormatException(file, "is no JSON object");
    } catch (JsonProcessingException e) {
      throw new FormatException(
          file, "is no good JSON: " + e.getOriginalMessage().lines().findFirst().orElse(""));
    }
  }

  /**
   * Where it was opened.
   *
   * @return file or directory
   */
  public Path path() {
    return path;
  }

  /**
   * All tensors as stored.
   *
   * @return unmodifiable
   */
  public Collection<Tensor> tensors() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  /**
   * One tensor as stored.
   *
   * @param name its name
   * @return the tensor
   * @throws FormatException if there is none
   */
  public Tensor tensor(String name) throws FormatException {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new FormatException(path, "has no tensor '" + name + "'");
    }
    return tensor;
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  /**
   * Its tensors with 2:4 weights put together from their parts.
   *
   * @return in stored order
   * @throws FormatException if the parts of a weight do not belong together
   */
  public List<Weight> weights() throws FormatException {
    return SparseFormat.weights(this);
  }

  /**
   * The strings of {@code __metadata__} of all files; the last file's where they differ.
   *
   * @return a copy
   */
  public Map<String, String> metadata() {
    Map<String, String> all = new LinkedHashMap<>();
    files.forEach(file -> all.putAll(file.metadata()));
    return all;
  }

  /**
   * The tree of {@code config.json}.
   *
   * @return a copy, or null if there is none
   */
  public @Nullable ObjectNode config() {
    return config == null ? null : config.deepCopy();
  }

  /** Unmaps all files. */
  @Override
  public void close() {
    files.forEach(Safetensors::close);
    files.clear();
  }
}
