package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.PruningMethod;
import io.sparse24.PruningMethods;
import io.sparse24.api.Op;
import io.sparse24.format.SparseFormat;
import io.sparse24.llm.Compensation;
import io.sparse24.llm.Method;
import io.sparse24.llm.Preset;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads what users write. A wrong word is wrong usage, and the message says which are right. */
final class Values {
  private Values() {}

  /** For the options of these types in all commands. */
  static CommandLine register(CommandLine line) {
    return line.registerConverter(Path.class, reader(Values::path))
        .registerConverter(Pattern.class, reader(Pattern::parse))
        .registerConverter(PruningMethod.class, reader(PruningMethods::named))
        .registerConverter(Compensation.Kind.class, reader(Values::compensation))
        .registerConverter(SparseFormat.class, reader(SparseFormat::named))
        .registerConverter(Method.class, reader(Method::named))
        .registerConverter(Preset.class, reader(Preset::named))
        .registerConverter(Op.class, reader(Values::op))
        .registerConverter(java.util.regex.Pattern.class, reader(Values::regex));
  }

  private static <T> ITypeConverter<T> reader(Function<String, T> read) {
    return text -> {
      try {
        return read.apply(text);
      } catch (IllegalArgumentException e) {
        // picocli names the option, so that the name in "method: is ..." would be there twice.
        throw new TypeConversionException(
            String.valueOf(e.getMessage()).replaceFirst("^\\w+: ", ""));
      }
    };
  }

  /** The empty path would mean the current directory; it is written by an unset variable. */
  private static Path path(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("is empty, must be a path");
    }
    return Path.of(text);
  }

  /** Both {@code prune24} and {@code prune}. */
  private static Op op(String text) {
    List<String> ids = Arrays.stream(Op.values()).map(Op::id).toList();
    for (Op op : Op.values()) {
      if (op.id().equals(text) || op.id().equals(text + "24")) {
        return op;
      }
    }
    throw new IllegalArgumentException(
        "is '" + text + "', must be one of " + String.join(", ", ids));
  }

  static Compensation.Kind compensation(String text) {
    for (Compensation.Kind kind : Compensation.Kind.values()) {
      if (kind.name().toLowerCase(Locale.ROOT).equals(text)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("compensate: is '" + text + "', must be svd or eora");
  }

  private static java.util.regex.Pattern regex(String text) {
    try {
      return java.util.regex.Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is no regular expression: " + e.getDescription(), e);
    }
  }
}
