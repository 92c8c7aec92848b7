package io.sparse24.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.sparse24.format.Fixture.Item;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories: one file, shards and their index, {@code config.json}. */
final class CheckpointTest {
  private static final String INDEX = "model.safetensors.index.json";
  private static final String GOOD_MAP =
      "{\"a\": \"s1.safetensors\", \"b\": \"s2.safetensors\", \"c\": \"s1.safetensors\"}";

  @TempDir Path folder;

  private void shards() throws IOException {
    Fixture.write(
        folder.resolve("s1.safetensors"),
        Item.of("a", "U8", new byte[] {1}, 1),
        Item.of("c", "U8", new byte[] {3}, 1));
    Fixture.write(folder.resolve("s2.safetensors"), Item.of("b", "U8", new byte[] {2}, 1));
  }

  private Path index(String text) throws IOException {
    return Files.writeString(folder.resolve(INDEX), text);
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }

  @Test
  void shardsAreOneCheckpoint() throws IOException {
    shards();
    index(
        "{\"metadata\": {\"total_size\": 3, \"x\": [-1.2345678901234567e-100]}, \"weight_map\": "
            + GOOD_MAP
            + "}\n");
    Files.write(folder.resolve("model.safetensors"), new byte[3]); // the index goes first
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Map<String, Byte> values =
          checkpoint.tensors().stream()
              .collect(
                  Collectors.toMap(Tensor::name, t -> t.segment().get(ValueLayout.JAVA_BYTE, 0)));
      assertEquals(Map.of("a", (byte) 1, "b", (byte) 2, "c", (byte) 3), values);
      assertTrue(checkpoint.tensor("b").file().endsWith("s2.safetensors"));
      assertNull(checkpoint.config());
      assertEquals(
          folder + ": has no tensor 'd'",
          assertThrows(FormatException.class, () -> checkpoint.tensor("d")).getMessage());
    }
  }

  /** As a download cache keeps them. */
  @Test
  void shardsMayBeLinks() throws IOException {
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    Path blob = Fixture.write(blobs.resolve("0123"), Item.of("a", "U8", new byte[] {1}, 1));
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.createSymbolicLink(model.resolve("s.safetensors"), blob);
    Files.writeString(model.resolve(INDEX), "{\"weight_map\":{\"a\":\"s.safetensors\"}}");
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      assertEquals(1, checkpoint.tensor("a").segment().get(ValueLayout.JAVA_BYTE, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "weights.safetensors"})
  void oneFileOfAnyName(String name) throws IOException {
    Fixture.write(folder.resolve(name), Item.of("a", "U8", new byte[] {1}, 1));
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"x\"}");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertArrayEquals(
          new byte[] {1}, checkpoint.tensor("a").segment().toArray(ValueLayout.JAVA_BYTE));
      assertEquals("{\"model_type\":\"x\"}", String.valueOf(checkpoint.config()));
    }
  }

  @Test
  void noFileOrSeveralAreErrors() throws IOException {
    FormatException none = assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    assertTrue(message(none).startsWith(folder + ": has neither model.safetensors"), message(none));
    shards();
    FormatException two = assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    assertTrue(message(two).contains("2 other .safetensors files"), message(two));
  }

  /** A vertical bar ends a row's index; {@code @} stands for the good map. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                                          | no JSON object
          []                                          | no JSON object
          null                                        | no JSON object
          {                                           | no good JSON
          {"weight_map": @                            | no good JSON
          {"weight_map": @}}                          | no good JSON
          {"weight_map": @} {}                        | goes on after its JSON object
          {}                                          | has no object 'weight_map'
          {"weight_map": []}                          | has no object 'weight_map'
          {"weight_map": null}                        | has no object 'weight_map'
          {"weight_map": "s1.safetensors"}            | has no object 'weight_map'
          {"weight_map": @, "weight_map": @}          | 'weight_map' is there twice
          {"weight_map": {"a": 1}}                    | tensor 'a': its shard is no string
          {"weight_map": {"a": null}}                 | tensor 'a': its shard is no string
          {"weight_map": {"a": ["s1.safetensors"]}}   | tensor 'a': its shard is no string
          {"weight_map": {"a": "s1.safetensors", "a": "s2.safetensors"}} | tensor 'a': is there twice
          {"weight_map": {"a": "../s1.safetensors"}}  | shard '../s1.safetensors' is not in the same directory
          {"weight_map": {"a": ".."}}                 | shard '..' is not in the same directory
          {"weight_map": {"a": "."}}                  | shard '.' is
          {"weight_map": {"a": ""}}                   | shard '' is
          {"weight_map": {"a": "/etc/passwd"}}        | shard '/etc/passwd' is not in the same directory
          {"weight_map": {"a": "x/../s1.safetensors"}} | is not in the same directory
          {"weight_map": {"a": "x\\\\s1.safetensors"}} | is not in the same directory
          {"weight_map": {"a": "s1.safetensors\\u0000"}} | shard 's1.safetensors?' is not
          {"weight_map": {"a": "\\ud800.safetensors"}} | shard '
          {"weight_map": {"a": "s\\n1.safetensors"}}  | shard 's?1.safetensors' is
          {"weight_map": {"a": "s3.safetensors"}}     | shard 's3.safetensors' is missing
          {"weight_map": {"a": "bad.safetensors"}}    | bad.safetensors: has 3 bytes
          {"weight_map": {"a": "s1.safetensors", "c": "s2.safetensors"}} | tensor 'c': is not in shard 's2.safetensors'
          {"weight_map": {"a": "s1.safetensors", "c": "s1.safetensors", "d": "s1.safetensors"}} | tensor 'd': is not in shard 's1.safetensors'
          {"weight_map": {"a": "s1.safetensors"}}     | tensor 'c': is in a shard but not listed
          {"weight_map": {"a": "s1.safetensors", "c": "twin.safetensors"}} | twin.safetensors: tensor 'a': is in
          """)
  void indexErrors(String text, String fragment) throws IOException {
    shards();
    Files.copy(folder.resolve("s1.safetensors"), folder.resolve("twin.safetensors"));
    Files.write(folder.resolve("bad.safetensors"), new byte[3]);
    index(text.replace("@", GOOD_MAP));
    FormatException e = assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    assertTrue(message(e).contains(fragment), message(e));
    assertTrue(message(e).startsWith(folder.toString()), message(e));
    assertEquals(1, message(e).lines().count(), message(e));
  }

  @Test
  void hostileIndexBytes() throws IOException {
    shards();
    Path index = folder.resolve(INDEX);
    Files.write(index, "{\"weight_map\":{\"\u00ff\":1}}".getBytes(StandardCharsets.ISO_8859_1));
    FormatException utf8 = assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    assertTrue(message(utf8).startsWith(index + ": is not UTF-8"), message(utf8));
    for (String bomb : List.of("[".repeat(100_000), "{\"x\":" + "[".repeat(100_000))) {
      index(bomb);
      FormatException e = assertThrows(FormatException.class, () -> Checkpoint.open(folder));
      assertTrue(message(e).startsWith(index + ": "), message(e));
      assertTrue(message(e).length() < 1000, message(e));
    }
    index("{\"weight_map\":{\"" + "x".repeat(60_000) + "\":1}}");
    FormatException e = assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    assertTrue(message(e).length() < 1000, message(e));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``              | no JSON object
          []              | no JSON object
          {"a": 1, "a": 2} | no good JSON
          {"a":           | no good JSON
          {} {}           | no good JSON
          """)
  void configErrors(String text, String fragment) throws IOException {
    Fixture.write(folder.resolve("model.safetensors"), Item.of("a", "U8", new byte[] {1}, 1));
    Path config = Files.writeString(folder.resolve("config.json"), text);
    FormatException e = assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    assertTrue(message(e).startsWith(config + ": "), message(e));
    assertTrue(message(e).contains(fragment), message(e));
    Files.writeString(config, "{\"a\":" + "[".repeat(100_000));
    assertThrows(FormatException.class, () -> Checkpoint.open(folder));
  }

  @Test
  void mutatedIndexesGiveErrorsOfTheFormatOnly() throws IOException {
    long seed = Long.getLong("s24.seed", System.nanoTime());
    Random random = new Random(seed);
    shards();
    String good = "{\"metadata\": {\"total_size\": 3}, \"weight_map\": " + GOOD_MAP + "}";
    int accepted = 0;
    for (int round = 0; round < 400; round++) {
      byte[] bytes = good.getBytes(StandardCharsets.UTF_8);
      for (int i = random.nextInt(3); round > 0 && i >= 0; i--) {
        bytes[random.nextInt(bytes.length)] =
            random.nextBoolean()
                ? (byte) random.nextInt()
                : (byte) "[]{},:\"\\/.0u".charAt(random.nextInt(12));
      }
      Files.write(folder.resolve(INDEX), bytes);
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        assertEquals(
            Set.of("a", "b", "c"),
            checkpoint.tensors().stream().map(Tensor::name).collect(Collectors.toSet()));
        accepted++;
      } catch (FormatException e) {
        assertTrue(message(e).startsWith(folder.toString()), message(e));
      } catch (RuntimeException | Error e) {
        fail("seed " + seed + ", round " + round + ": " + e, e);
      }
      if (round == 0) {
        assertEquals(1, accepted, "the good index is good");
      }
    }
  }
}
