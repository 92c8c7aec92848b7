package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;

/** A peer whose library is not there. */
public final class BrokenPeer implements Peer {
  /** For ServiceLoader. */
  public BrokenPeer() {
    throw new UnsatisfiedLinkError("libbroken.so: not found");
  }

  @Override
  public String name() {
    return "Broken";
  }

  @Override
  public String version() {
    return "0";
  }

  @Override
  public boolean multiplies(DType dtype, long k) {
    return false;
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    throw new UnsupportedOperationException();
  }
}
