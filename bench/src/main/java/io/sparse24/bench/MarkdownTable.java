package io.sparse24.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * A Markdown table, padded so that it also reads as plain text; the first column is left-aligned.
 */
final class MarkdownTable {
  private final List<String[]> lines = new ArrayList<>();

  MarkdownTable(String... head) {
    lines.add(head);
  }

  void row(String... cells) {
    lines.add(cells);
  }

  @Override
  public String toString() {
    int columns = lines.getFirst().length;
    int[] widths = new int[columns];
    for (String[] line : lines) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], line[c].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      for (int c = 0; c < columns; c++) {
        String cell = lines.get(i)[c];
        String blanks = " ".repeat(widths[c] - cell.length());
        text.append("| ").append(c == 0 ? cell + blanks : blanks + cell).append(' ');
      }
      text.append("|\n");
      if (i == 0) {
        for (int c = 0; c < columns; c++) {
          text.append("|-").append("-".repeat(widths[c])).append(c == 0 ? "-" : ":");
        }
        text.append("|\n");
      }
    }
    return text.toString();
  }
}
