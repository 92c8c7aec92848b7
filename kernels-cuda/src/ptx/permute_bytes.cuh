// prmt: four of eight bytes, or their signs.
#ifndef SPARSE24_CUDA_PTX_PERMUTE_BYTES_CUH
#define SPARSE24_CUDA_PTX_PERMUTE_BYTES_CUH

#include <cuda_runtime.h>

#include <cstdint>

namespace s24::cuda {

// Byte i of the result is the byte of (high, low) that nibble i of kChoice names; with 8 added, that byte's highest bit
// in every bit.
template <uint32_t kChoice>
__device__ inline uint32_t permute_bytes(uint32_t low, uint32_t high) {
  uint32_t result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(low), "r"(high), "n"(kChoice));
  return result;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_PERMUTE_BYTES_CUH
