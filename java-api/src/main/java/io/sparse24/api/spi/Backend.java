package io.sparse24.api.spi;

import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sparse24Exception;

/** A way to compute, found by {@link java.util.ServiceLoader} (or made from a kernel library). */
public interface Backend {
  /**
   * The name users write.
   *
   * @return {@code [a-z][a-z0-9]*}
   */
  String name();

  /**
   * Which backend {@code auto} prefers: the highest that can be opened.
   *
   * @return the rank
   */
  int rank();

  /**
   * Opens a session. A failure is not remembered.
   *
   * @param options how
   * @return the session
   * @throws Sparse24Exception.Unsupported if this machine lacks something, with all that was tried
   */
  BackendSession open(SessionOptions options);
}
