package io.sparse24.bench;

/** The part of a text between two marks, which a report is written to. */
public final class Readme {
  private Readme() {}

  /**
   * Replaces what is between the marks.
   *
   * @param text the whole text
   * @param name of the part, such as {@code results}
   * @param part Markdown, ending in a new line
   * @return the text with the new part
   * @throws IllegalArgumentException if the marks are not there, once and in order
   */
  public static String replace(String text, String name, String part) {
    String beginning = "<!-- " + name + ": begin";
    String ending = "<!-- " + name + ": end -->";
    int begin = text.indexOf(beginning);
    int start = begin < 0 ? -1 : text.indexOf('\n', begin) + 1;
    int end = text.indexOf(ending);
    boolean once = text.indexOf(beginning, begin + 1) < 0 && text.indexOf(ending, end + 1) < 0;
    if (begin < 0 || end < start || !once) {
      throw new IllegalArgumentException(
          "must have one line '" + beginning + " ... -->' and after it one line '" + ending + "'");
    }
    return text.substring(0, start) + part + text.substring(end);
  }
}
