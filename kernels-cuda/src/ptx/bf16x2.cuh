// Two BF16 in a register.
#ifndef SPARSE24_CUDA_PTX_BF16X2_CUH
#define SPARSE24_CUDA_PTX_BF16X2_CUH

#include <cuda_runtime.h>

#include <cstdint>

namespace s24::cuda {

// a * b + c, rounded once; subnormals count.
__device__ inline uint32_t fma_bf16x2(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t d;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_BF16X2_CUH
