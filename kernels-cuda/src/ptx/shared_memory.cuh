// A block's dynamic shared memory, and the addresses by which instructions name it.
#ifndef SPARSE24_CUDA_PTX_SHARED_MEMORY_CUH
#define SPARSE24_CUDA_PTX_SHARED_MEMORY_CUH

#include <cuda_runtime.h>

#include <cstdint>

namespace s24::cuda {

// Aligned to 1024 bytes, as the 128-byte swizzle wants its tiles.
__device__ inline uint8_t *dynamic_shared_memory() {
  extern __shared__ __align__(1024) uint8_t memory[];
  return memory;
}

__device__ inline uint32_t shared_address(const void *p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_SHARED_MEMORY_CUH
