package io.sparse24.cli;

/** Numbers of things, as people write them. */
final class Count {
  private Count() {}

  static String of(int number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }
}
