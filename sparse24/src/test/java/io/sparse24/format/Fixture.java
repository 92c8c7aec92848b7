package io.sparse24.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The formats a second time, written from their descriptions and nothing of the package: a
 * safetensors writer and reader, the bitmask and PyTorch's metadata, element by element.
 */
final class Fixture {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Fixture() {}

  /** A tensor as the file has it. */
  static final class Item {
    private final String name;
    private final String dtype;
    private final List<Long> shape;
    private final byte[] data;

    Item(String name, String dtype, List<Long> shape, byte[] data) {
      this.name = name;
      this.dtype = dtype;
      this.shape = shape;
      this.data = data;
    }

    static Item of(String name, String dtype, byte[] data, long... shape) {
      return new Item(name, dtype, LongStream.of(shape).boxed().toList(), data);
    }

    String name() {
      return name;
    }

    String dtype() {
      return dtype;
    }

    List<Long> shape() {
      return shape;
    }

    byte[] data() {
      return data;
    }

    /** Header entry, shape and bytes, to compare. */
    String text() {
      return dtype + " " + shape + " " + HexFormat.of().formatHex(data);
    }
  }

  /** 8 bytes length, header, data. */
  static byte[] file(byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(data)
        .array();
  }

  static byte[] file(String header, int dataBytes) {
    return file(header.getBytes(StandardCharsets.UTF_8), new byte[dataBytes]);
  }

  /** A good file; names and metadata need no escapes. */
  static byte[] safetensors(Map<String, String> metadata, List<Item> items) {
    List<String> entries = new ArrayList<>();
    if (!metadata.isEmpty()) {
      entries.add(
          "\"__metadata__\":"
              + metadata.entrySet().stream()
                  .map(e -> "\"" + e.getKey() + "\":\"" + e.getValue() + "\"")
                  .collect(Collectors.joining(",", "{", "}")));
    }
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (Item item : items) {
      int begin = data.size();
      data.writeBytes(item.data());
      entries.add(entry(item.name(), item.dtype(), item.shape(), begin, data.size()));
    }
    byte[] header = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
    return file(header, data.toByteArray());
  }

  static String entry(String name, String dtype, List<Long> shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  static Path write(Path path, Item... items) throws IOException {
    return Files.write(path, safetensors(Map.of(), List.of(items)));
  }

  static JsonNode header(byte[] file) throws IOException {
    int length = Math.toIntExact(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong());
    return JSON.readTree(file, 8, length);
  }

  static JsonNode json(Path path) throws IOException {
    return JSON.readTree(path.toFile());
  }

  /** All tensors of one file; fails where they do not fill it without holes. */
  static Map<String, Item> read(Path path) throws IOException {
    byte[] file = Files.readAllBytes(path);
    int start = 8 + Math.toIntExact(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong());
    Map<String, Item> items = new LinkedHashMap<>();
    long at = 0;
    for (Map.Entry<String, JsonNode> field : header(file).properties()) {
      if (field.getKey().equals("__metadata__")) {
        continue;
      }
      List<Long> shape = new ArrayList<>();
      field.getValue().required("shape").forEach(extent -> shape.add(extent.longValue()));
      int begin = field.getValue().required("data_offsets").required(0).intValue();
      int end = field.getValue().required("data_offsets").required(1).intValue();
      if (begin != at) {
        throw new AssertionError(field.getKey() + " begins at " + begin + ", not " + at);
      }
      at = end;
      byte[] data = Arrays.copyOfRange(file, start + begin, start + end);
      String dtype = field.getValue().required("dtype").textValue();
      items.put(field.getKey(), new Item(field.getKey(), dtype, shape, data));
    }
    if (start + at != file.length) {
      throw new AssertionError("the file has " + file.length + " bytes, not " + (start + at));
    }
    return items;
  }

  /** All tensors of a directory, through its index if it has one. */
  static Map<String, Item> readDirectory(Path directory) throws IOException {
    Path index = directory.resolve("model.safetensors.index.json");
    if (!Files.exists(index)) {
      return read(directory.resolve("model.safetensors"));
    }
    Map<String, Item> items = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> e : json(index).required("weight_map").properties()) {
      Item item = read(directory.resolve(e.getValue().textValue())).get(e.getKey());
      if (item == null) {
        throw new AssertionError(e.getKey() + " is not where the index says");
      }
      items.put(e.getKey(), item);
    }
    return items;
  }

  static Map<String, String> texts(Map<String, Item> items) {
    Map<String, String> texts = new LinkedHashMap<>();
    items.forEach((name, item) -> texts.put(name, item.text()));
    return texts;
  }

  static int width(String dtype) {
    return switch (dtype) {
      case "F32" -> 4;
      case "I8", "F8_E4M3" -> 1;
      default -> 2;
    };
  }

  /**
   * A weight with at most 2 non-zeros a group of 4, zeros +0, all bits of the rest random but for
   * NaN and infinity.
   */
  static byte[] random24(Random random, String dtype, int n, int k) {
    int width = width(dtype);
    byte[] data = new byte[n * k * width];
    for (int group = 0; group < n * k; group += 4) {
      int first = random.nextInt(4);
      int second = random.nextInt(5); // 4: a group with fewer than two
      for (int at : new int[] {first, second}) {
        if (at < 4) {
          byte[] drawn = new byte[width];
          random.nextBytes(drawn);
          drawn[width - 1] &= (byte) 0xBB; // an exponent bit off: finite in all three types
          System.arraycopy(drawn, 0, data, (group + at) * width, width);
          if (magnitude(data, group + at, width) == 0) {
            Arrays.fill(data, (group + at) * width, (group + at + 1) * width, (byte) 0);
          }
        }
      }
    }
    return data;
  }

  /** Orders as |value| does; 0 for both zeros. A byte is taken for an integer. */
  private static int magnitude(byte[] data, int index, int width) {
    if (width == 1) {
      return Math.abs(data[index]);
    }
    ByteBuffer buffer = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    return width == 4
        ? buffer.getInt(4 * index) & 0x7FFF_FFFF
        : buffer.getShort(2 * index) & 0x7FFF;
  }

  /** Kept: the two largest of each group, the lower index on a tie. */
  static boolean[] mask(byte[] dense, int width) {
    boolean[] mask = new boolean[dense.length / width];
    for (int at = 0; at < mask.length; at++) {
      int before = 0;
      for (int other = at / 4 * 4; other < at / 4 * 4 + 4; other++) {
        int a = magnitude(dense, other, width);
        int b = magnitude(dense, at, width);
        before += other != at && (a > b || (a == b && other < at)) ? 1 : 0;
      }
      mask[at] = before < 2;
    }
    return mask;
  }

  static byte[] values(byte[] dense, boolean[] mask, int width) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at < mask.length; at++) {
      if (mask[at]) {
        out.write(dense, at * width, width);
      }
    }
    return out.toByteArray();
  }

  /** A bit an element, each row from a new byte, the least significant bit first. */
  static byte[] bits(boolean[] mask, int k) {
    int rowBytes = (k + 7) / 8;
    byte[] bits = new byte[mask.length / Math.max(k, 1) * rowBytes];
    for (int at = 0; at < mask.length; at++) {
      if (mask[at]) {
        bits[at / k * rowBytes + at % k / 8] |= (byte) (1 << (at % k % 8));
      }
    }
    return bits;
  }

  static byte[] longs(long... numbers) {
    ByteBuffer out = ByteBuffer.allocate(8 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    LongStream.of(numbers).forEach(out::putLong);
    return out.array();
  }

  /** The three tensors of a bitmask weight. */
  static List<Item> bitmask(String module, String dtype, byte[] dense, int n, int k) {
    boolean[] mask = mask(dense, width(dtype));
    return List.of(
        Item.of(module + ".compressed", dtype, values(dense, mask, width(dtype)), n, k / 2),
        Item.of(module + ".bitmask", "U8", bits(mask, k), n, (k + 7) / 8),
        Item.of(module + ".shape", "I64", longs(n, k), 2, 1));
  }

  /**
   * The published scatter: rows reordered, the off-diagonal pair of each 2 x 2 block swapped, then
   * columns in interleaved pairs. The place of word (r, c) of the plain metadata, which is [n,
   * k/16], or [n, k/32] of 8-bit types.
   */
  static int torchPlace(int n, int r, int c, int width) {
    int group = 16 * width;
    int row = r / group * group + (r % 8) * (group / 8) + (r % group) / 8;
    boolean topRight = row % 2 == 0 && c % 2 == 1;
    boolean bottomLeft = row % 2 == 1 && c % 2 == 0;
    int shift = (topRight ? 1 : 0) - (bottomLeft ? 1 : 0);
    int newRow = row + shift;
    int newCol = c - shift;
    return newCol / 2 * 2 * n + 2 * newRow + newCol % 2;
  }

  /** Names of the six patterns of two kept of four, element 0 first. */
  private static final Map<String, Integer> NIBBLES =
      Map.of("1100", 0x4, "1010", 0x8, "1001", 0xC, "0110", 0x9, "0101", 0xD, "0011", 0xE);

  /** The metadata of a weight whose elements are of so many bytes: 2, or 1. */
  static byte[] torchMeta(boolean[] mask, int n, int k, int width) {
    ByteBuffer meta = ByteBuffer.allocate(n * k / 8).order(ByteOrder.LITTLE_ENDIAN);
    int columns = 32 / width;
    for (int r = 0; r < n; r++) {
      for (int c = 0; c < k / columns; c++) {
        int word = 0;
        for (int g = 0; g < columns / 4; g++) {
          StringBuilder pattern = new StringBuilder();
          for (int t = 0; t < 4; t++) {
            pattern.append(mask[r * k + columns * c + 4 * g + t] ? '1' : '0');
          }
          Integer nibble = NIBBLES.get(pattern.toString());
          if (nibble == null) {
            throw new AssertionError("no 2:4 mask: " + pattern);
          }
          word |= nibble << (4 * g);
        }
        int place = torchPlace(n, r, c, width);
        if (width == 2) {
          meta.putShort(2 * place, (short) word);
        } else {
          meta.putInt(4 * place, word);
        }
      }
    }
    return meta.array();
  }

  static List<Item> torch(String name, String dtype, byte[] dense, int n, int k) {
    int width = width(dtype);
    boolean[] mask = mask(dense, width);
    byte[] meta = torchMeta(mask, n, k, width);
    return List.of(
        Item.of(name + ".packed", dtype, values(dense, mask, width), n, k / 2),
        width == 2
            ? Item.of(name + ".meta", "I16", meta, n, k / 16)
            : Item.of(name + ".meta", "I32", meta, n, k / 32));
  }
}
