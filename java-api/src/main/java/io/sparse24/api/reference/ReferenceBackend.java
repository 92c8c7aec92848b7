package io.sparse24.api.reference;

import io.sparse24.api.SessionOptions;
import io.sparse24.api.spi.Backend;
import io.sparse24.api.spi.BackendSession;

/** The oracle: plain Java, sums in float64, one thread. */
public final class ReferenceBackend implements Backend {
  /** Its name. */
  public static final String NAME = "reference";

  /** For {@link java.util.ServiceLoader}. */
  public ReferenceBackend() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public BackendSession open(SessionOptions options) {
    return new ReferenceSession();
  }
}
