package io.sparse24.bindings;

import java.util.List;

/** A library could not be opened. Says each place that was tried and why it failed. */
public final class LibraryLoadException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<String> attempts;

  /**
   * Made by what looked for the library.
   *
   * @param library what was looked for, such as {@code "library for backend 'cpu'"}
   * @param attempts the places tried, in order, each with the reason of its failure
   */
  public LibraryLoadException(String library, List<String> attempts) {
    super("no " + library + ": " + String.join("; ", attempts));
    this.attempts = List.copyOf(attempts);
  }

  /**
   * The places tried, in order, each with the reason of its failure.
   *
   * @return one line a place
   */
  public List<String> attempts() {
    return attempts;
  }
}
