package io.sparse24.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** JSON that may be hostile: read from text, so that it is UTF-8 and never another encoding. */
final class Json {
  /** For streams of any size. Names are data here, so they are not kept in a table. */
  static final JsonFactory STREAM =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(32)
                  .maxNumberLength(100)
                  .maxNameLength(1 << 16)
                  .maxStringLength(1 << 24)
                  .build())
          .build();

  /** For small trees. */
  static final JsonMapper TREE =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /** What a parser or decoder found wrong, in one line. */
  static String problem(IOException e) {
    if (!(e instanceof JsonProcessingException json)) {
      return "is not UTF-8";
    }
    String line = json.getOriginalMessage().lines().findFirst().orElse("");
    return "is no good JSON: " + (line.length() > 200 ? line.substring(0, 200) + "..." : line);
  }
}
