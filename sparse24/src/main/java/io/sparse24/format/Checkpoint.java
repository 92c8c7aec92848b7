package io.sparse24.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model's tensors: one safetensors file, or a directory with {@code model.safetensors}, with
 * shards and {@code model.safetensors.index.json}, or with a single file of another name. The files
 * are memory-mapped: none may be cut short while it is open, see {@link Safetensors}.
 */
public final class Checkpoint implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  static final String CONFIG = "config.json";

  private static final String WEIGHT_MAP = "weight_map";
  private static final int MAX_LISTED = 1 << 20;
  private static final long MAX_INDEX_BYTES = 256L << 20;
  private static final long MAX_CONFIG_BYTES = 4L << 20;

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
        throw new FormatException(file, tensor.name(), "is in " + other.file() + " too");
      }
    }
  }

  private void openShards(Path index) throws IOException {
    Map<String, String> listed = weightMap(index);
    for (String shard : new TreeSet<>(listed.values())) {
      add(shardFile(index, shard));
    }
    for (Map.Entry<String, String> entry : listed.entrySet()) {
      Tensor tensor = tensors.get(entry.getKey());
      if (tensor == null || !tensor.file().endsWith(entry.getValue())) {
        throw new FormatException(
            index, entry.getKey(), "is not in shard " + FormatException.quote(entry.getValue()));
      }
    }
    for (String name : tensors.keySet()) {
      if (!listed.containsKey(name)) {
        throw new FormatException(index, name, "is in a shard but not listed");
      }
    }
  }

  private Path shardFile(Path index, String shard) throws FormatException {
    String quoted = FormatException.quote(shard);
    if (shard.contains("/") || shard.contains("\\") || shard.startsWith("..")) {
      throw new FormatException(index, "shard " + quoted + " is not in the same directory");
    }
    Path file;
    try {
      file = path.resolve(shard);
    } catch (InvalidPathException e) {
      throw new FormatException(index, "shard " + quoted + " is not a file's name");
    }
    if (!Files.isRegularFile(file)) {
      throw new FormatException(index, "shard " + quoted + " is missing");
    }
    return file;
  }

  /** The shard of each tensor; read as a stream, so what else is in the file takes no memory. */
  private static Map<String, String> weightMap(Path index) throws IOException {
    checkSize(index, MAX_INDEX_BYTES);
    Map<String, String> listed = null;
    try (JsonParser parser = Json.STREAM.createParser(Files.newBufferedReader(index))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new FormatException(index, "is no JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean isMap = parser.currentName().equals(WEIGHT_MAP);
        JsonToken value = parser.nextToken();
        if (!isMap) {
          parser.skipChildren();
        } else if (listed != null) {
          throw new FormatException(index, "'" + WEIGHT_MAP + "' is there twice");
        } else if (value == JsonToken.START_OBJECT) {
          listed = readMap(index, parser);
        } else {
          break;
        }
      }
      if (listed == null) {
        throw new FormatException(index, "has no object '" + WEIGHT_MAP + "'");
      }
      if (parser.nextToken() != null) {
        throw new FormatException(index, "goes on after its JSON object");
      }
      return listed;
    } catch (CharacterCodingException | JsonProcessingException e) {
      throw new FormatException(index, Json.problem(e));
    }
  }

  private static Map<String, String> readMap(Path index, JsonParser parser) throws IOException {
    Map<String, String> listed = new LinkedHashMap<>();
    Map<String, String> shards = new HashMap<>(); // one string for each
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw new FormatException(index, name, "its shard is no string");
      }
      if (listed.size() == MAX_LISTED) {
        throw new FormatException(index, "lists more than " + MAX_LISTED + " tensors");
      }
      String shard = parser.getText();
      if (listed.put(name, shards.computeIfAbsent(shard, s -> s)) != null) {
        throw new FormatException(index, name, "is there twice");
      }
    }
    return listed;
  }

  private static ObjectNode object(Path file) throws IOException {
    checkSize(file, MAX_CONFIG_BYTES);
    try (Reader text = Files.newBufferedReader(file)) {
      if (Json.TREE.readTree(text) instanceof ObjectNode object) {
        return object;
      }
      throw new FormatException(file, "is no JSON object");
    } catch (CharacterCodingException | JsonProcessingException e) {
      throw new FormatException(file, Json.problem(e));
    }
  }

  private static void checkSize(Path file, long limit) throws IOException {
    if (Files.size(file) > limit) {
      throw new FormatException(file, "has more than " + limit + " bytes");
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
      throw new FormatException(path, "has no tensor " + FormatException.quote(name));
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
