package io.sparse24.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.sparse24.Pattern;
import io.sparse24.PruningMethods;
import io.sparse24.format.SparseFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Rules for single layers, of a file in YAML:
 *
 * <pre>{@code
 * layers:
 *   - match: 'layers\.0\.'        # a regular expression found in the weight's name
 *     skip: true
 *   - match: 'down_proj'
 *     method: sparsegpt
 *     pattern: '4:8'
 * }</pre>
 */
final class PruneRecipe {
  private static final ObjectMapper YAML = new YAMLMapper();

  private PruneRecipe() {}

  private record File(@JsonProperty("layers") @Nullable List<Entry> layers) {}

  private record Entry(
      @JsonProperty("match") @Nullable String match,
      @JsonProperty("skip") boolean skip,
      @JsonProperty("method") @Nullable String method,
      @JsonProperty("pattern") @Nullable String pattern,
      @JsonProperty("format") @Nullable String format,
      @JsonProperty("compensate") @Nullable String compensate,
      @JsonProperty("rank") @Nullable Integer rank,
      @JsonProperty("reorder") @Nullable Boolean reorder) {}

  static List<PrunePlans.Rule> read(Path path) throws IOException {
    List<Entry> entries;
    try {
      entries = YAML.readValue(Files.readString(path), File.class).layers();
    } catch (JsonProcessingException e) {
      throw new IOException(path + ": " + firstLine(e), e);
    }
    if (entries == null) {
      throw new IOException(path + ": has no 'layers'");
    }
    List<PrunePlans.Rule> rules = new ArrayList<>();
    for (Entry entry : entries) {
      try {
        rules.add(rule(entry));
      } catch (IllegalArgumentException e) {
        throw new IOException(path + ": rule " + (rules.size() + 1) + ": " + e.getMessage(), e);
      }
    }
    return rules;
  }

  private static String firstLine(JsonProcessingException e) {
    String where = e.getLocation() == null ? "" : "line " + e.getLocation().getLineNr() + ": ";
    return where + e.getOriginalMessage().lines().findFirst().orElse("");
  }

  private static PrunePlans.Rule rule(Entry entry) {
    if (entry.match() == null) {
      throw new IllegalArgumentException("has no 'match'");
    }
    Integer rank = entry.rank();
    if (rank != null && rank < 1) {
      throw new IllegalArgumentException("rank: is " + rank + ", must be at least 1");
    }
    java.util.regex.Pattern match;
    try {
      match = java.util.regex.Pattern.compile(entry.match());
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "match: '" + entry.match() + "' is no regular expression: " + e.getDescription(), e);
    }
    return new PrunePlans.Rule(
        match,
        entry.skip(),
        new PrunePlans.Choice(
            of(entry.method(), PruningMethods::named),
            of(entry.pattern(), Pattern::parse),
            of(entry.format(), SparseFormat::named),
            of(entry.compensate(), Values::compensation),
            rank,
            entry.reorder()));
  }

  private static <T> @Nullable T of(@Nullable String text, Function<String, T> read) {
    return text == null ? null : read.apply(text);
  }
}
