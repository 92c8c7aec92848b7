package io.sparse24.cli;

import io.sparse24.format.Weight;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which weights a command means: {@code --include} and {@code --exclude}. */
final class Selection {
  /** Embeddings and output heads, which every pruning paper leaves dense. */
  private static final Pattern DENSE_BY_CUSTOM =
      Pattern.compile("(^|[._])(embed\\w*|wte|wpe|lm_head|\\w+_embeddings?|shared)\\.weight$");

  @Option(
      names = "--include",
      paramLabel = "RE",
      description =
          "Only weights whose name has a match of this regular expression. Default: all matrices"
              + " but embeddings and the output head.")
  @Nullable Pattern include;

  @Option(
      names = "--exclude",
      paramLabel = "RE",
      description = "Not the weights whose name has a match of this.")
  @Nullable Pattern exclude;

  /** Whether the user chose names; else the custom holds. */
  boolean isExplicit() {
    return include != null;
  }

  boolean takes(Weight weight) {
    String name = weight.name();
    if (weight.info().shape().size() != 2 || weight.info().type().dtype() == null) {
      return false;
    }
    if (exclude != null && exclude.matcher(name).find()) {
      return false;
    }
    return include != null ? include.matcher(name).find() : !DENSE_BY_CUSTOM.matcher(name).find();
  }

  /** What to write to leave a weight out. */
  static String excluding(Weight weight) {
    return "leave it out with --exclude '" + weight.name().replace(".", "\\.") + "'";
  }
}
