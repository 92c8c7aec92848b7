package io.sparse24.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: 8 bytes little-endian length, then that many bytes of JSON; the
 * tensors' bytes follow without holes. Every rule is checked.
 */
final class Header {
  /** The format's own limit. */
  static final long MAX_BYTES = 100_000_000;

  private static final int MAX_TENSORS = 1 << 20;
  private static final int MAX_RANK = 64;
  private static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(4)
                  .maxNumberLength(20)
                  .maxNameLength(1 << 16)
                  .maxStringLength(1 << 24)
                  .build())
          .build();

  /** A tensor and its bytes, counted from the end of the header. */
  record Entry(TensorInfo info, long begin, long end) {}

  private final Path file;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private Header(Path file) {
    this.file = file;
  }

  /** Reads and checks; {@code dataBytes} is what the file has behind the header. */
  static Header parse(Path file, byte[] json, long dataBytes) throws FormatException {
    Header header = new Header(file);
    header.checkUtf8(json);
    if (json.length == 0 || json[0] != '{') {
      throw header.wrong("the header is no JSON object");
    }
    try (JsonParser parser = JSON.createParser(json)) {
      parser.nextToken();
      header.readObject(parser);
      if (parser.nextToken() != null) {
        throw header.wrong("the header goes on after its JSON object");
      }
    } catch (FormatException e) {
      throw e;
    } catch (JsonProcessingException e) {
      String message = e.getOriginalMessage();
      throw header.wrong(
          message.startsWith("Duplicate field")
              ? "the header names " + message.substring("Duplicate field ".length()) + " twice"
              : "the header is no good JSON: " + firstLine(message));
    } catch (IOException e) {
      throw header.wrong("the header is no good JSON: " + e.getMessage());
    }
    header.checkPlaces(dataBytes);
    return header;
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    String line = end < 0 ? text : text.substring(0, end);
    return line.length() > 200 ? line.substring(0, 200) + "..." : line;
  }

  private FormatException wrong(String problem) {
    return new FormatException(file, problem);
  }

  private FormatException wrong(String tensor, String problem) {
    String name = tensor.length() > 100 ? tensor.substring(0, 100) + "..." : tensor;
    return new FormatException(
        file, "tensor '" + name.replaceAll("\\p{Cntrl}", "?") + "': " + problem);
  }

  private void checkUtf8(byte[] json) throws FormatException {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(json);
    CharBuffer out = CharBuffer.allocate(8192);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (result.isError()) {
        throw wrong("the header is not UTF-8 (byte " + in.position() + ")");
      }
      if (result.isUnderflow()) {
        return;
      }
      out.clear();
    }
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
        readTensor(name, parser);
      }
    }
  }

  private void readMetadata(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw wrong(METADATA + " may hold only strings, '" + key + "' is none");
      }
      metadata.put(key, parser.getText());
    }
  }

  private void readTensor(String name, JsonParser parser) throws IOException {
    if (entries.size() == MAX_TENSORS) {
      throw wrong("the header lists more than " + MAX_TENSORS + " tensors");
    }
    String type = null;
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "dtype" -> {
          if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw wrong(name, "dtype is no string");
          }
          type = parser.getText();
        }
        case "shape" -> shape = numbers(name, key, parser);
        case "data_offsets" -> offsets = numbers(name, key, parser);
        default -> throw wrong(name, "unknown key '" + key + "'");
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
    entries.add(entry(name, type, shape, offsets[0], offsets[1]));
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
          "unknown dtype '"
              + firstLine(typeName)
              + "' (known: "
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
    List<Entry> byPlace = new ArrayList<>(entries);
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
        throw wrong(name, "its bytes overlap those of '" + before + "'");
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

  List<Entry> entries() {
    return entries;
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
    try (JsonGenerator json = JSON.createGenerator(out)) {
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
    ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(0, padded);
    System.arraycopy(out.toByteArray(), 0, bytes, 8, length);
    return bytes;
  }
}
