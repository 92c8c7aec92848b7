/** The kernel library for the CPU, and the provider that finds it. */
module io.sparse24.kernels.cpu {
  requires static org.jspecify;
  requires io.sparse24.bindings;

  provides io.sparse24.bindings.NativeKernels with
      io.sparse24.kernels.cpu.CpuKernels;
}
