package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.sparse24.api.Compressed24;
import io.sparse24.format.Fixture.Item;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad files: each an error of one line that names the file, the tensor and the problem. */
final class HostileHeaderTest {
  private static final String GOOD = Fixture.entry("t", "F32", List.of(2L), 0, 8);

  @TempDir Path folder;

  private static Arguments row(String what, byte[] file, String fragment) {
    return Arguments.of(what, file, fragment);
  }

  private static Arguments row(String what, String header, int dataBytes, String fragment) {
    return row(what, Fixture.file(header, dataBytes), fragment);
  }

  /** One tensor t with this entry, and 8 bytes of data. */
  private static Arguments entry(String what, String entry, String fragment) {
    return row(what, "{\"t\":" + entry + "}", 8, fragment);
  }

  private static Arguments shape(String shape, String fragment) {
    return entry(
        "shape " + (shape.length() > 60 ? shape.substring(0, 60) : shape),
        "{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[0,8]}",
        fragment);
  }

  private static Arguments offsets(String offsets, String fragment) {
    return entry(
        "offsets " + offsets,
        "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + offsets + "}",
        fragment);
  }

  private static Arguments length(long length, String fragment) {
    byte[] file = Fixture.file("{}", 0);
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    return row("header of " + Long.toUnsignedString(length), file, fragment);
  }

  private static Arguments utf8(String what, int... bytes) {
    byte[] name = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      name[i] = (byte) bytes[i];
    }
    byte[] header = ("{" + GOOD.replace("\"t\"", "\"#\"") + "}").getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(header.length - 1 + name.length);
    out.put(header, 0, 2).put(name).put(header, 3, header.length - 3);
    return row(what, Fixture.file(out.array(), new byte[8]), "the header is not UTF-8");
  }

  static Stream<Arguments> files() {
    String long100k = "x".repeat(60_000);
    return Stream.of(
        row("empty file", new byte[0], "has 0 bytes"),
        row("7 bytes", new byte[7], "has 7 bytes"),
        length(0, "no JSON object"),
        length(1, "the header is no good JSON"),
        length(3, "should have 3 bytes, the file has 2"),
        length(99_999_999, "truncated"),
        length(100_000_001, "100000001 bytes, the limit is 100000000"),
        length(Long.MAX_VALUE, "9223372036854775807"),
        length(Long.MIN_VALUE, "9223372036854775808"),
        length(-1, "18446744073709551615"),
        row("array", "[]", 0, "no JSON object"),
        row("string", "\"t\"", 0, "no JSON object"),
        row("null", "null", 0, "no JSON object"),
        row("number", "1", 0, "no JSON object"),
        row("space first", " {}", 0, "no JSON object"),
        row("byte order mark", "\uFEFF{}", 0, "no JSON object"),
        row("unfinished", "{", 0, "no good JSON"),
        row("unfinished name", "{\"t", 0, "no good JSON"),
        row("unfinished entry", "{\"t\":{\"dtype\":\"F32\"", 0, "tensor 't': "),
        row("unfinished shape", "{\"t\":{\"shape\":[1,", 0, "tensor 't': "),
        row("comma at the end", "{" + GOOD + ",}", 8, "no good JSON"),
        row("comment", "{/* */" + GOOD + "}", 8, "no good JSON"),
        row("single quotes", "{'t':{}}", 0, "no good JSON"),
        row("word behind", "{}x", 0, "no good JSON"),
        row("object behind", "{}{}", 0, "goes on after"),
        row("NUL padding", "{}\0\0", 0, "no good JSON"),
        row(
            "UTF-16",
            Fixture.file(("{" + GOOD + "}").getBytes(StandardCharsets.UTF_16LE), new byte[8]),
            "no good JSON"),
        row(
            "UTF-32",
            Fixture.file(
                ("{" + GOOD + "}").getBytes(java.nio.charset.Charset.forName("UTF-32LE")),
                new byte[8]),
            "no good JSON"),
        utf8("byte FF", 0xFF),
        utf8("lone continuation", 0x80),
        utf8("overlong", 0xC0, 0x80),
        utf8("overlong NUL of 3 bytes", 0xE0, 0x80, 0x80),
        utf8("surrogate", 0xED, 0xA0, 0x80),
        utf8("beyond Unicode", 0xF4, 0x90, 0x80, 0x80),
        utf8("cut short", 0xE2, 0x82),
        row("NUL in name", "{" + GOOD.replace("\"t\"", "\"t\\u0000\"") + "}", 8, "tensor 't?': "),
        row("raw NUL in name", "{" + GOOD.replace("\"t\"", "\"t\0\"") + "}", 8, "no good JSON"),
        row("newline in name", "{" + GOOD.replace("\"t\"", "\"t\\n\"") + "}", 8, "tensor 't?': "),
        row("half a pair", "{" + GOOD.replace("\"t\"", "\"t\\ud800\"") + "}", 8, "surrogate pair"),
        row("other half", "{" + GOOD.replace("\"t\"", "\"t\\udc00\"") + "}", 8, "surrogate"),
        row("twice", "{" + GOOD + "," + GOOD + "}", 8, "tensor 't': is there twice"),
        row(
            "twice, once escaped",
            "{" + GOOD + "," + GOOD.replace("\"t\"", "\"\\u0074\"") + "}",
            8,
            "tensor 't': is there twice"),
        row(
            "metadata twice",
            "{\"__metadata__\":{},\"__metadata__\":{}}",
            0,
            "__metadata__ is there twice"),
        row(
            "metadata key twice",
            "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}",
            0,
            "__metadata__ has 'a' twice"),
        row("metadata number", "{\"__metadata__\":{\"a\":1}}", 0, "'a' is none"),
        row("metadata nested", "{\"__metadata__\":{\"a\":{}}}", 0, "'a' is none"),
        row("metadata array", "{\"__metadata__\":[]}", 0, "__metadata__"),
        row("metadata null", "{\"__metadata__\":null}", 0, "__metadata__"),
        row("metadata half a pair", "{\"__metadata__\":{\"a\":\"\\udc00\"}}", 0, "surrogate"),
        row(
            "metadata long key",
            "{\"__metadata__\":{\"" + long100k + "\":1}}",
            0,
            "xxx...' is none"),
        row("name too long", "{\"" + "x".repeat(70_000) + "\":{}}", 0, "no good JSON"),
        entry("no object", "1", "tensor 't': its entry in the header is no object"),
        entry("an array", "[]", "tensor 't': its entry in the header is no object"),
        entry("null", "null", "tensor 't': its entry in the header is no object"),
        entry("nothing in it", "{}", "tensor 't': dtype is missing"),
        entry("no shape", "{\"dtype\":\"F32\",\"data_offsets\":[0,8]}", "shape is missing"),
        entry("no offsets", "{\"dtype\":\"F32\",\"shape\":[2]}", "data_offsets is missing"),
        entry("unknown key", "{\"dtyp\":\"F32\"}", "tensor 't': unknown key 'dtyp'"),
        entry("long unknown key", "{\"" + long100k + "\":1}", "xxx...'"),
        entry("dtype twice", "{\"dtype\":\"F32\",\"dtype\":\"F32\"}", "tensor 't': dtype is there"),
        entry("shape twice", "{\"shape\":[2],\"shape\":[2]}", "tensor 't': shape is there twice"),
        entry(
            "offsets twice",
            "{\"data_offsets\":[0,8],\"data_offsets\":[0,8]}",
            "tensor 't': data_offsets is there twice"),
        entry("dtype number", "{\"dtype\":1}", "tensor 't': dtype is no string"),
        entry("dtype null", "{\"dtype\":null}", "tensor 't': dtype is no string"),
        entry(
            "dtype unknown",
            "{\"dtype\":\"F128\",\"shape\":[2],\"data_offsets\":[0,8]}",
            "tensor 't': unknown dtype 'F128' (known: [BOOL, F4,"),
        entry(
            "dtype small letters",
            "{\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]}",
            "unknown dtype 'f32'"),
        entry(
            "dtype long",
            "{\"dtype\":\"" + long100k + "\",\"shape\":[2],\"data_offsets\":[0,8]}",
            "unknown dtype 'xxx"),
        entry(
            "dtype with newline",
            "{\"dtype\":\"F\\n32\",\"shape\":[2],\"data_offsets\":[0,8]}",
            "unknown dtype 'F?32'"),
        shape("2", "tensor 't': shape is no array"),
        shape("null", "tensor 't': shape is no array"),
        shape("\"2\"", "tensor 't': shape is no array"),
        shape("{\"0\":2}", "tensor 't': shape is no array"),
        shape("[2.0]", "tensor 't': shape holds something that is no whole number"),
        shape("[2e0]", "no whole number"),
        shape("[\"2\"]", "no whole number"),
        shape("[null]", "no whole number"),
        shape("[true]", "no whole number"),
        shape("[[2]]", "no whole number"),
        shape("[NaN]", "tensor 't': "),
        shape("[02]", "tensor 't': "),
        shape("[+2]", "tensor 't': "),
        shape("[0x2]", "tensor 't': "),
        shape("[-2]", "tensor 't': shape holds -2, which is negative"),
        shape("[-9223372036854775808]", "tensor 't': shape holds -9223372036854775808"),
        shape("[-9223372036854775809]", "tensor 't': shape holds -9223372036854775809"),
        shape("[9223372036854775808]", "tensor 't': shape holds 9223372036854775808"),
        shape("[18446744073709551616]", "tensor 't': shape holds 18446744073709551616"),
        shape("[" + "9".repeat(50_000) + "]", "tensor 't': "),
        shape("[9223372036854775807]", "tensor 't': shape [9223372036854775807] of F32 is no size"),
        shape("[4294967296,4294967296]", "of F32 is no size"),
        shape("[4294967296,4294967296,0]", "of F32 is no size"),
        shape("[2305843009213693952]", "of F32 is no size"),
        shape("[3]", "tensor 't': has 8 bytes, shape [3] of F32 needs 12"),
        shape("[]", "tensor 't': has 8 bytes, shape [] of F32 needs 4"),
        shape("[0]", "tensor 't': has 8 bytes, shape [0] of F32 needs 0"),
        shape("[" + "1,".repeat(64) + "2]", "tensor 't': shape has more than 64 numbers"),
        shape("[" + "1,".repeat(30_000) + "2]", "tensor 't': shape has more than 64 numbers"),
        shape("[".repeat(50_000), "no whole number"),
        entry(
            "half a byte",
            "{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}",
            "tensor 't': shape [3] of F4 is no size"),
        entry(
            "6 bits",
            "{\"dtype\":\"F6_E2M3\",\"shape\":[3],\"data_offsets\":[0,2]}",
            "tensor 't': shape [3] of F6_E2M3 is no size"),
        offsets("[0]", "tensor 't': data_offsets has 1 numbers, must have 2"),
        offsets("[]", "tensor 't': data_offsets has 0 numbers, must have 2"),
        offsets("[0,8,8]", "tensor 't': data_offsets has 3 numbers, must have 2"),
        offsets("[8,0]", "tensor 't': data_offsets end before they begin"),
        offsets("[-8,0]", "tensor 't': data_offsets holds -8"),
        offsets("[0,9]", "tensor 't': has 9 bytes, shape [2] of F32 needs 8"),
        offsets("[1,9]", "tensor 't': its bytes end at 9, the file has only 8"),
        offsets("[9223372036854775799,9223372036854775807]", "tensor 't': its bytes end at 9223"),
        offsets("[0,18446744073709551615]", "tensor 't': data_offsets holds 18446744073709551615"),
        offsets("8", "tensor 't': data_offsets is no array"),
        row(
            "overlap",
            "{" + GOOD + "," + Fixture.entry("u", "F32", List.of(2L), 4, 12) + "}",
            12,
            "tensor 'u': its bytes overlap those of 't'"),
        row(
            "same place",
            "{" + GOOD + "," + Fixture.entry("u", "F32", List.of(2L), 0, 8) + "}",
            8,
            "overlap those of"),
        row(
            "empty tensor within another",
            "{" + GOOD + "," + Fixture.entry("u", "F32", List.of(0L), 4, 4) + "}",
            8,
            "tensor 'u': its bytes overlap those of 't'"),
        row(
            "hole",
            "{" + GOOD + "," + Fixture.entry("u", "F32", List.of(1L), 9, 13) + "}",
            13,
            "tensor 'u': there is a hole of 1 bytes before it"),
        row(
            "hole at the start",
            "{" + Fixture.entry("t", "U8", List.of(1L), 1, 2) + "}",
            2,
            "tensor 't': there is a hole of 1 bytes before it"),
        row("bytes behind", "{" + GOOD + "}", 9, "has 1 bytes behind the last tensor"),
        row("bytes, no tensor", "{}", 1, "has 1 bytes behind the last tensor"),
        row(
            "cut short",
            "{" + GOOD + "}",
            7,
            "tensor 't': its bytes end at 8, the file has only 7"),
        row("cut at the header", "{" + GOOD + "}", 0, "truncated"),
        row("bomb of objects", "{\"a\":".repeat(50_000), 0, "tensor 'a': "),
        row("bomb of arrays", "{\"a\":" + "[".repeat(50_000), 0, "tensor 'a': "),
        row(
            "bomb in metadata",
            "{\"__metadata__\":{\"a\":" + "[".repeat(50_000),
            0,
            "'a' is none"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void isAnErrorThatNamesItsPlace(String what, byte[] bytes, String fragment) throws IOException {
    Path file = Files.write(folder.resolve("bad.safetensors"), bytes);
    FormatException e = assertThrows(FormatException.class, () -> Safetensors.open(file), what);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(fragment), message);
    assertTrue(message.startsWith(file + ": "), message);
    assertEquals(1, message.lines().count(), message);
    assertFalse(message.chars().anyMatch(Character::isISOControl), message);
    assertTrue(message.length() < 1000, "a message of " + message.length());
    assertEquals(
        message, assertThrows(FormatException.class, () -> Checkpoint.open(file)).getMessage());
    Files.delete(file); // nothing holds it
  }

  /** Numbers that make trouble, put where a number was. */
  private static final List<String> NUMBERS =
      List.of("-1", "0", "1", "2147483648", "9223372036854775807", "18446744073709551615", "1e9");

  private static byte[] mutated(Random random, byte[] good) {
    byte[] bytes = good.clone();
    for (int i = random.nextInt(3); i >= 0 && bytes.length > 0; i--) {
      int at = random.nextInt(bytes.length);
      int to = Math.min(bytes.length, at + 1 + random.nextInt(40));
      bytes =
          switch (random.nextInt(8)) {
            case 0 -> {
              bytes[at] ^= (byte) (1 << random.nextInt(8));
              yield bytes;
            }
            case 1 -> {
              bytes[at] = (byte) random.nextInt();
              yield bytes;
            }
            case 2 -> Arrays.copyOf(bytes, Math.max(1, at));
            case 3 -> spliced(bytes, at, to, new byte[0]);
            case 4 -> spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, to));
            case 5 ->
                spliced(
                    bytes,
                    at,
                    at,
                    "[]{},:\"".repeat(1 + random.nextInt(9)).getBytes(StandardCharsets.UTF_8));
            default -> {
              int from = at;
              while (from < bytes.length && !Character.isDigit(bytes[from])) {
                from++;
              }
              int end = from;
              while (end < bytes.length && Character.isDigit(bytes[end])) {
                end++;
              }
              String number = NUMBERS.get(random.nextInt(NUMBERS.size()));
              yield spliced(bytes, from, end, number.getBytes(StandardCharsets.UTF_8));
            }
          };
    }
    // Mostly with the length that the header now has, so that the parser gets to see it.
    if (bytes.length >= 8 && random.nextInt(4) > 0) {
      long length = ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong();
      length = Math.max(0, length + bytes.length - good.length);
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    }
    return bytes;
  }

  private static byte[] spliced(byte[] bytes, int from, int to, byte[] middle) {
    return ByteBuffer.allocate(from + middle.length + bytes.length - to)
        .put(bytes, 0, from)
        .put(middle)
        .put(bytes, to, bytes.length - to)
        .array();
  }

  @Test
  void mutatedFilesGiveErrorsOfTheFormatOnly() throws IOException {
    long seed = Long.getLong("s24.seed", System.nanoTime());
    Random random = new Random(seed);
    List<Item> items = new ArrayList<>();
    items.add(Item.of("embed.weight", "BF16", new byte[24], 3, 4));
    items.addAll(Fixture.bitmask("up", "F32", Fixture.random24(random, "F32", 3, 12), 3, 12));
    items.addAll(
        Fixture.torch("down.weight", "F16", Fixture.random24(random, "F16", 32, 64), 32, 64));
    items.addAll(
        Fixture.torch("gate.weight", "I8", Fixture.random24(random, "I8", 16, 128), 16, 128));
    items.add(Item.of("norm", "F4", new byte[2], 4));
    byte[] good = Fixture.safetensors(Map.of("format", "pt"), items);
    Path file = folder.resolve("fuzz.safetensors");
    int headerBytes = ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getInt();
    int accepted = 0;
    for (int round = 0; round < 4000; round++) {
      byte[] bytes = round == 0 ? good : mutated(random, good);
      try {
        // Through a file is slow (a mapping each), so most go to the parser alone.
        if (round % 5 == 0 || bytes.length < 8) {
          readAll(Files.write(file, bytes));
        } else {
          int rest = Math.clamp(headerBytes + bytes.length - good.length, 0, bytes.length - 8);
          byte[] header = Arrays.copyOfRange(bytes, 8, 8 + rest);
          Header.parse(file, header, bytes.length - 8 - rest);
        }
        accepted++;
      } catch (FormatException e) {
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith(file + ": "), message);
        assertEquals(1, message.lines().count(), message);
      } catch (RuntimeException | Error e) {
        fail("seed " + seed + ", round " + round + ": " + e, e);
      }
      if (round == 0) {
        assertEquals(1, accepted, "the good file is good");
      }
    }
    assertTrue(accepted < 2000, "seed " + seed + ": " + accepted + " of 4000 accepted");
  }

  private static void readAll(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file);
        Arena arena = Arena.ofConfined()) {
      for (Weight weight : checkpoint.weights()) {
        for (Tensor part : weight.parts()) {
          assertEquals(part.info().bytes(), part.segment().byteSize());
          long last = part.segment().byteSize() - 1;
          if (last >= 0) {
            part.segment().get(ValueLayout.JAVA_BYTE, last);
          }
          Sparsity.of(part);
          if (part.isMatrix()) {
            part.matrix(arena);
          }
        }
        if (weight.isCompressed()) {
          weight.read(
              Compressed24.allocate(
                  arena,
                  weight.info().shape().get(0),
                  weight.info().shape().get(1),
                  weight.dtype()));
        }
      }
    }
  }
}
