package io.sparse24.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A weight's shape.
 *
 * @param name what it is in its model
 * @param n outputs
 * @param k inputs, a multiple of 4
 */
public record Shape(String name, long n, long k) {
  /** The matrices of the CPU decode targets. */
  public static final List<Shape> DECODE =
      List.of(
          new Shape("square", 4096, 4096),
          new Shape("up", 11008, 4096),
          new Shape("down", 4096, 14336));

  /** The matrices of the GPU decode targets. */
  public static final List<Shape> GPU_DECODE =
      List.of(
          new Shape("down", 4096, 14336),
          new Shape("up", 14336, 4096),
          new Shape("wide", 8192, 28672));

  /** One small matrix, for a quick look. */
  public static final List<Shape> QUICK = List.of(new Shape("square", 1024, 1024));

  /**
   * Checks the numbers.
   *
   * @param name what it is in its model
   * @param n outputs
   * @param k inputs, a multiple of 4
   */
  public Shape {
    if (n < 1 || k < 4 || k % 4 != 0 || n > 1 << 20 || k > 1 << 20) {
      throw new IllegalArgumentException(
          name + " " + n + " " + k + ": n must be 1 to 2^20, k a multiple of 4 up to 2^20");
    }
  }

  /**
   * Reads {@code 4096x14336}: n, then k.
   *
   * @param text the numbers
   * @return the shape, named as the text
   * @throws IllegalArgumentException if the text is anything else
   */
  public static Shape parse(String text) {
    String[] numbers = text.split("x", -1);
    try {
      if (numbers.length == 2) {
        return new Shape(text, Long.parseLong(numbers[0]), Long.parseLong(numbers[1]));
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "shape: is '" + text + "', must be n and k, such as 4096x14336");
  }

  /**
   * Reads a file of lines {@code name n k}; {@code #} starts a comment.
   *
   * @param file the file
   * @return its shapes, at least one
   * @throws IOException if it can't be read
   * @throws IllegalArgumentException if a line is wrong, with its number
   */
  public static List<Shape> read(Path file) throws IOException {
    List<Shape> shapes = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      String text = line.replaceFirst("#.*", "").strip();
      if (text.isEmpty()) {
        continue;
      }
      String[] words = text.split("\\s+", -1);
      try {
        if (words.length != 3) {
          throw new IllegalArgumentException("must be: name n k");
        }
        shapes.add(new Shape(words[0], Long.parseLong(words[1]), Long.parseLong(words[2])));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            file + ": line " + number + ": '" + text + "': n and k must be whole numbers", e);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            file + ": line " + number + ": '" + text + "': " + e.getMessage(), e);
      }
    }
    if (shapes.isEmpty()) {
      throw new IllegalArgumentException(file + ": has no line 'name n k'");
    }
    return shapes;
  }
}
