/** The kernel library for NVIDIA GPUs, and the provider that finds it. */
module io.sparse24.kernels.cuda {
  requires static org.jspecify;
  requires io.sparse24.bindings;

  provides io.sparse24.bindings.NativeKernels with
      io.sparse24.kernels.cuda.CudaKernels;
}
