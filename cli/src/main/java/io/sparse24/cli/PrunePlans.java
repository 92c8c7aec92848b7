package io.sparse24.cli;

import io.sparse24.Pattern;
import io.sparse24.PruningMethod;
import io.sparse24.format.SparseFormat;
import io.sparse24.llm.Compensation;
import io.sparse24.llm.LayerPlan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How each weight is pruned: as the options say, but for what the first rule that matches its name
 * says otherwise.
 *
 * @param options for all weights
 * @param rules of a recipe, in order
 */
record PrunePlans(Choice options, List<Rule> rules) {
  /**
   * What may be said of a weight; null for what is not.
   *
   * @param method by what
   * @param pattern to what
   * @param format how it is stored; by default 2:4 as bitmask and others dense
   * @param compensate with which low-rank term
   * @param rank its rank
   * @param reorder whether channels are reordered before, for scores and n:m
   */
  record Choice(
      @Nullable PruningMethod method,
      @Nullable Pattern pattern,
      @Nullable SparseFormat format,
      Compensation.@Nullable Kind compensate,
      @Nullable Integer rank,
      @Nullable Boolean reorder) {
    Choice over(Choice other) {
      return new Choice(
          or(method, other.method),
          or(pattern, other.pattern),
          or(format, pattern == null ? other.format : null),
          or(compensate, other.compensate),
          or(rank, other.rank),
          or(reorder, other.reorder));
    }

    private static <T> @Nullable T or(@Nullable T first, @Nullable T second) {
      return first != null ? first : second;
    }
  }

  /**
   * A rule of a recipe.
   *
   * @param match has a match in the names that it is for
   * @param skip whether they stay as they are
   * @param choice what is otherwise
   */
  record Rule(java.util.regex.Pattern match, boolean skip, Choice choice) {}

  private @Nullable Rule rule(String name) {
    return rules.stream().filter(rule -> rule.match.matcher(name).find()).findFirst().orElse(null);
  }

  /** Whether a weight is left as it is. */
  boolean skips(String name) {
    Rule rule = rule(name);
    return rule != null && rule.skip;
  }

  /** Of a weight {@code [n, k]}. */
  LayerPlan of(String name) {
    Rule rule = rule(name);
    Choice choice = rule == null ? options : rule.choice.over(options);
    PruningMethod method = choice.method();
    Pattern pattern = choice.pattern();
    if (method == null || pattern == null) {
      throw new IllegalStateException("options have a method and a pattern");
    }
    SparseFormat format = choice.format();
    if (format == null) {
      format = pattern.equals(Pattern.P2_4) ? SparseFormat.BITMASK : SparseFormat.DENSE;
    }
    Compensation.Kind kind = choice.compensate();
    Integer rank = choice.rank();
    return new LayerPlan(
        method,
        pattern,
        format,
        kind == null ? null : new Compensation(kind, rank == null ? DEFAULT_RANK : rank),
        Boolean.TRUE.equals(choice.reorder()));
  }

  /** Rank of a low-rank term where none is named. */
  static final int DEFAULT_RANK = 16;
}
