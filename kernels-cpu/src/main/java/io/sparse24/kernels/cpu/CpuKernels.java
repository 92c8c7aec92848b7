package io.sparse24.kernels.cpu;

import io.sparse24.bindings.NativeKernels;
import java.net.URL;
import org.jspecify.annotations.Nullable;

/**
 * Names the kernel library for the CPU; it travels in this module's jar with a platform classifier.
 */
public final class CpuKernels implements NativeKernels {
  /** For {@link java.util.ServiceLoader}. */
  public CpuKernels() {}

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public int rank() {
    return 10;
  }

  @Override
  public @Nullable URL resource(String path) {
    return CpuKernels.class.getResource("/" + path);
  }
}
