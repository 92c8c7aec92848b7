package io.sparse24.bench;

/** The part of a text between two marks, which a report is written to. */
public final class Readme {
  private static final String BEGIN = "<!-- results: begin";
  private static final String END = "<!-- results: end -->";

  private Readme() {}

  /**
   * Replaces what is between the marks.
   *
   * @param text the whole text
   * @param part Markdown, ending in a new line
   * @return the text with the new part
   * @throws IllegalArgumentException if the marks are not there, once and in order
   */
  public static String replace(String text, String part) {
    int begin = text.indexOf(BEGIN);
    int start = begin < 0 ? -1 : text.indexOf('\n', begin) + 1;
    int end = text.indexOf(END);
    boolean once = text.indexOf(BEGIN, begin + 1) < 0 && text.indexOf(END, end + 1) < 0;
    if (begin < 0 || end < start || !once) {
      throw new IllegalArgumentException(
          "must have one line '" + BEGIN + " ... -->' and after it one line '" + END + "'");
    }
    return text.substring(0, start) + part + text.substring(end);
  }
}
