package io.sparse24.bench;

import io.sparse24.llm.Corpus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * English sentences that any JDK has: the first ones of the documentation comments in its sources.
 */
final class DocSentences {
  private static final Pattern COMMENT = Pattern.compile("/\\*\\*\\s(.*?)\\*/", Pattern.DOTALL);
  private static final Pattern TAG = Pattern.compile("\\{@\\w+\\s+([^{}]*)}");
  private static final int FEWEST_WORDS = 6;
  private static final int MOST_WORDS = 40;
  private static final int BYTES_AT_A_TIME = 1 << 22;

  private DocSentences() {}

  /**
   * Sentences without tags and marks, none twice.
   *
   * @param corpus sources in Java
   * @param most how many at most, spread over the corpus
   */
  static List<String> of(Corpus corpus, int most) {
    List<String> all = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>();
    Corpus.Part part = Corpus.Part.TRAINING;
    for (long from = 0; from < corpus.tokens(part); from += BYTES_AT_A_TIME) {
      int[] tokens = corpus.tokens(part, from, BYTES_AT_A_TIME);
      byte[] bytes = new byte[tokens.length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) tokens[i];
      }
      Matcher comment = COMMENT.matcher(new String(bytes, StandardCharsets.UTF_8));
      while (comment.find()) {
        String sentence = first(comment.group(1));
        int words = sentence.split(" ").length;
        if (words >= FEWEST_WORDS && words <= MOST_WORDS && seen.add(sentence)) {
          all.add(sentence);
        }
      }
    }
    List<String> some = new ArrayList<>();
    int count = Math.min(most, all.size());
    for (int i = 0; i < count; i++) {
      some.add(all.get((int) ((long) i * all.size() / count)));
    }
    return some;
  }

  private static String first(String comment) {
    String text = comment.replaceAll("(?m)^\\s*\\*", " ");
    text = TAG.matcher(text).replaceAll("$1");
    text = text.replaceAll("<[^>]*>", " ").replaceAll("\\s+", " ").strip();
    int end = text.indexOf(". ");
    String sentence = end < 0 ? text : text.substring(0, end + 1);
    // What is not a sentence: markup that is left, and lists of @param.
    return sentence.endsWith(".") && sentence.matches("[A-Z][^{}@&*\\\\]*") ? sentence : "";
  }
}
