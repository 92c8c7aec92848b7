package io.sparse24.kernels.cuda;

import io.sparse24.bindings.NativeKernels;
import java.net.URL;
import org.jspecify.annotations.Nullable;

/**
 * Names the kernel library for NVIDIA GPUs; it travels in this module's jar with a platform
 * classifier.
 */
public final class CudaKernels implements NativeKernels {
  /** For {@link java.util.ServiceLoader}. */
  public CudaKernels() {}

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int rank() {
    // Below the CPU's until these kernels ran on a GPU: "auto" chooses what is proven.
    return 5;
  }

  @Override
  public @Nullable URL resource(String path) {
    return CudaKernels.class.getResource("/" + path);
  }
}
