package io.sparse24.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A command line run in this process, and what it left.
 *
 * @param status exit status
 * @param out standard output
 * @param err standard error
 */
record S24(int status, String out, String err) {
  /** Runs; paths and other objects become words. */
  static S24 run(Object... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] args = Arrays.stream(words).map(Object::toString).toArray(String[]::new);
    int status = Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    return new S24(status, out.toString(), err.toString());
  }

  /** Runs what must be good. */
  static S24 good(Object... words) {
    S24 run = run(words);
    assertEquals(0, run.status, () -> String.join(" ", run.out, run.err));
    return run;
  }

  /** Runs with {@code --json} what must be good; standard output is one JSON value, no more. */
  static JsonNode json(Object... words) {
    return good(Stream.concat(Arrays.stream(words), Stream.of("--json")).toArray()).json();
  }

  JsonNode json() {
    try {
      return Json.MAPPER
          .reader()
          .with(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .readTree(out);
    } catch (JsonProcessingException e) {
      throw new AssertionError("no JSON: " + out, e);
    }
  }

  List<String> errLines() {
    return err.lines().toList();
  }

  /** The names of an object's fields, in order. */
  static List<String> fields(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** The command line as a process of its own, its output in a file. */
  static ProcessBuilder child(Path log, String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
  }
}
