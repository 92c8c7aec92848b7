package io.sparse24.bindings.cuda;

/** A function of a vendor library returned a status that is not success. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** C's name of what failed. */
  private final String function;

  /** What it returned. */
  private final int status;

  CudaException(OpenLibrary library, String function, int status, String text) {
    super(
        "%s: %s (status %d, %s %s)"
            .formatted(function, text, status, library.library().title(), library.version()));
    this.function = function;
    this.status = status;
  }

  /**
   * The function that failed.
   *
   * @return its name in C
   */
  public String function() {
    return function;
  }

  /**
   * What it returned.
   *
   * @return a value of the library's own status enum
   */
  public int status() {
    return status;
  }
}
