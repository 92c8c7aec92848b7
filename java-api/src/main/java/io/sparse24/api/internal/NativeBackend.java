package io.sparse24.api.internal;

import io.sparse24.api.SessionOptions;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.spi.Backend;
import io.sparse24.api.spi.BackendSession;
import io.sparse24.bindings.KernelLibrary;
import io.sparse24.bindings.LibraryLoadException;
import io.sparse24.bindings.NativeKernels;

/** A kernel library as a backend. */
public final class NativeBackend implements Backend {
  private final NativeKernels kernels;

  /**
   * For a library that may or may not be there.
   *
   * @param kernels names it
   */
  public NativeBackend(NativeKernels kernels) {
    this.kernels = kernels;
  }

  @Override
  public String name() {
    return kernels.name();
  }

  @Override
  public int rank() {
    return kernels.rank();
  }

  @Override
  public BackendSession open(SessionOptions options) {
    try {
      KernelLibrary library = KernelLibrary.open(kernels);
      NativeSession session =
          library.backend().equals("cuda")
              ? CudaSession.open(library, options)
              : NativeSession.open(library, options);
      try {
        HeuristicsFile.apply(library.backend(), session);
      } catch (RuntimeException e) {
        session.close();
        throw e;
      }
      return session;
    } catch (LibraryLoadException e) {
      Sparse24Exception.Unsupported unsupported =
          new Sparse24Exception.Unsupported(String.valueOf(e.getMessage()));
      unsupported.initCause(e);
      throw unsupported;
    }
  }
}
