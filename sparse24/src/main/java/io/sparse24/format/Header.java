package io.sparse24.format;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file: 8 bytes little-endian length, then that many bytes of JSON; the
 * tensors' bytes follow without holes. Every rule is checked.
 */
final class Header {
  /** The format's own limit. */
  static final long MAX_BYTES = 100_000_000;

  private static final int MAX_TENSORS = 1 << 18;
  private static final int MAX_RANK = 64;
  private static final int MAX_METADATA = 1 << 16;
  private static final int MAX_METADATA_CHARACTERS = 1 << 24;
  private static final String METADATA = "__metadata__";

  /** A tensor and its bytes, counted from the end of the header. */
  record Entry(TensorInfo info, long begin, long end) {}

  private final Path file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private boolean hasMetadata;
  private @Nullable String reading;

  private Header(Path file) {
    this.file = file;
  }

  /** Reads and checks; {@code dataBytes} is what the file has behind the header. */
  static Header parse(Path file, byte[] json, long dataBytes) throws FormatException {
    Header header = new Header(file);
    if (json.length == 0 || json[0] != '{') {
      throw header.wrong("the header is no JSON object");
    }
    // A new decoder reports what is not UTF-8 instead of replacing it.
    Reader text =
        new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
    try (JsonParser parser = Json.STREAM.createParser(text)) {
      parser.nextToken();
      header.readObject(parser);
      if (parser.nextToken() != null) {
        throw header.wrong("the header goes on after its JSON object");
      }
    } catch (FormatException e) {
      throw e;
    } catch (IOException e) {
      String problem = "the header " + Json.problem(e);
      String tensor = header.reading;
      throw tensor == null ? header.wrong(problem) : header.wrong(tensor, problem);
    }
    header.checkPlaces(dataBytes);
    return header;
  }

  /**
   * Whether a tensor may have this name: no control characters, no half of a surrogate pair, which
   * no UTF-8 file can hold.
   */
  static boolean isName(String name) {
    return !name.equals(METADATA)
        && name.codePoints().noneMatch(c -> Character.isISOControl(c) || isHalf(c));
  }

  private static boolean isHalf(int codePoint) {
    return Character.getType(codePoint) == Character.SURROGATE;
  }

  private FormatException wrong(String problem) {
    return new FormatException(file, problem);
  }

  private FormatException wrong(String tensor, String problem) {
    return new FormatException(file, tensor, problem);
  }

  private void readObject(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw wrong(name, "its entry in the header is no object");
      }
      if (name.equals(METADATA)) {
        readMetadata(parser);
      } else {
        reading = name;
        readTensor(name, parser);
        reading = null;
      }
    }
  }

  private void readMetadata(JsonParser parser) throws IOException {
    if (hasMetadata) {
      throw wrong(METADATA + " is there twice");
    }
    hasMetadata = true;
    long characters = 0;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw wrong(
            METADATA + " may hold only strings, " + FormatException.quote(key) + " is none");
      }
      String value = parser.getText();
      characters += key.length() + value.length();
      if (characters > MAX_METADATA_CHARACTERS) {
        throw wrong(METADATA + " has more than " + MAX_METADATA_CHARACTERS + " characters");
      }
      if (metadata.size() == MAX_METADATA) {
        throw wrong(METADATA + " has more than " + MAX_METADATA + " entries");
      }
      if (key.codePoints().anyMatch(Header::isHalf)
          || value.codePoints().anyMatch(Header::isHalf)) {
        throw wrong(
            METADATA + ": " + FormatException.quote(key) + " holds half of a surrogate pair");
      }
      if (metadata.put(key, value) != null) {
        throw wrong(METADATA + " has " + FormatException.quote(key) + " twice");
      }
    }
  }

  private void readTensor(String name, JsonParser parser) throws IOException {
    if (entries.size() == MAX_TENSORS) {
      throw wrong("the header lists more than " + MAX_TENSORS + " tensors");
    }
    if (!isName(name)) {
      throw wrong(name, "its name holds a control character or half of a surrogate pair");
    }
    String type = null;
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      boolean again =
          switch (key) {
            case "dtype" -> type != null;
            case "shape" -> shape != null;
            case "data_offsets" -> offsets != null;
            default -> throw wrong(name, "unknown key " + FormatException.quote(key));
          };
      if (again) {
        throw wrong(name, key + " is there twice");
      }
      switch (key) {
        case "dtype" -> {
          if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw wrong(name, "dtype is no string");
          }
          type = parser.getText();
        }
        case "shape" -> shape = numbers(name, key, parser);
        default -> offsets = numbers(name, key, parser);
      }
    }
    if (type == null || shape == null || offsets == null) {
      throw wrong(
          name,
          (type == null ? "dtype" : shape == null ? "shape" : "data_offsets") + " is missing");
    }
    if (offsets.length != 2) {
      throw wrong(name, "data_offsets has " + offsets.length + " numbers, must have 2");
    }
    if (entries.put(name, entry(name, type, shape, offsets[0], offsets[1])) != null) {
      throw wrong(name, "is there twice");
    }
  }

  private long[] numbers(String name, String key, JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw wrong(name, key + " is no array");
    }
    long[] list = new long[MAX_RANK];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw wrong(name, key + " holds something that is no whole number");
      }
      if (count == MAX_RANK) {
        throw wrong(name, key + " has more than " + MAX_RANK + " numbers");
      }
      if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw wrong(name, key + " holds " + parser.getText() + ", which is beyond 2^63");
      }
      long value = parser.getLongValue();
      if (value < 0) {
        throw wrong(name, key + " holds " + value + ", which is negative");
      }
      list[count++] = value;
    }
    return Arrays.copyOf(list, count);
  }

  private Entry entry(String name, String typeName, long[] shape, long begin, long end)
      throws FormatException {
    TensorType type;
    try {
      type = TensorType.valueOf(typeName);
    } catch (IllegalArgumentException e) {
      throw wrong(
          name,
          "unknown dtype "
              + FormatException.quote(typeName)
              + " (known: "
              + Arrays.toString(TensorType.values())
              + ")");
    }
    TensorInfo info = TensorInfo.of(name, type, shape);
    long bytes;
    try {
      bytes = info.bytes();
    } catch (ArithmeticException e) {
      throw wrong(
          name, "shape " + info.shapeText() + " of " + type + " is no size a file can have");
    }
    if (begin > end) {
      throw wrong(name, "data_offsets end before they begin: " + begin + ", " + end);
    }
    if (end - begin != bytes) {
      throw wrong(
          name,
          "has "
              + (end - begin)
              + " bytes, shape "
              + info.shapeText()
              + " of "
              + type
              + " needs "
              + bytes);
    }
    return new Entry(info, begin, end);
  }

  private void checkPlaces(long dataBytes) throws FormatException {
    List<Entry> byPlace = new ArrayList<>(entries.values());
    byPlace.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long at = 0;
    String before = "";
    for (Entry entry : byPlace) {
      String name = entry.info().name();
      if (entry.end() > dataBytes) {
        throw wrong(
            name,
            "its bytes end at "
                + entry.end()
                + ", the file has only "
                + dataBytes
                + " behind the header (truncated?)");
      }
      if (entry.begin() < at) {
        throw wrong(name, "its bytes overlap those of " + FormatException.quote(before));
      }
      if (entry.begin() > at) {
        throw wrong(name, "there is a hole of " + (entry.begin() - at) + " bytes before it");
      }
      at = entry.end();
      before = name;
    }
    if (at != dataBytes) {
      throw wrong("has " + (dataBytes - at) + " bytes behind the last tensor");
    }
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  Map<String, String> metadata() {
    return metadata;
  }

  /**
   * The header of a new file: length and JSON, padded with spaces so that the data starts at a
   * multiple of 64.
   */
  static byte[] write(List<TensorInfo> tensors, Map<String, String> metadata) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = Json.STREAM.createGenerator(out)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long at = 0;
      for (TensorInfo tensor : tensors) {
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.type().name());
        json.writeArrayFieldStart("shape");
        for (long extent : tensor.shape()) {
          json.writeNumber(extent);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(at);
        at = Math.addExact(at, tensor.bytes());
        json.writeNumber(at);
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory does not fail", e);
    }
    int length = out.size();
    int padded = (length + 8 + 63) / 64 * 64 - 8;
    byte[] bytes = new byte[8 + padded];
    Arrays.fill(bytes, (byte) ' ');
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, padded);
    System.arraycopy(out.toByteArray(), 0, bytes, 8, length);
    return bytes;
  }
}
