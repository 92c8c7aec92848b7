package io.sparse24.api;

/**
 * How to open a session.
 *
 * @param threads CPU threads a call may use, the calling one included; 0 = all the process may use
 * @param device ordinal of the accelerator; ignored by CPU backends
 */
public record SessionOptions(int threads, int device) {
  /** All threads, first device. */
  public static final SessionOptions DEFAULT = new SessionOptions(0, 0);

  /**
   * Checks the numbers.
   *
   * @param threads CPU threads a call may use, the calling one included; 0 = all the process may
   *     use
   * @param device ordinal of the accelerator; ignored by CPU backends
   */
  public SessionOptions {
    if (threads < 0 || threads > 1024) {
      throw new IllegalArgumentException("threads: is " + threads + ", must be between 0 and 1024");
    }
    if (device < 0) {
      throw new IllegalArgumentException("device: is " + device + ", must be at least 0");
    }
  }

  /**
   * With a number of threads.
   *
   * @param threads 0 = all the process may use
   * @return the options
   */
  public static SessionOptions threads(int threads) {
    return new SessionOptions(threads, 0);
  }
}
