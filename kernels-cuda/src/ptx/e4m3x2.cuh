// Two E4M3, in the low half of a word, as two F16, which holds every one.
#ifndef SPARSE24_CUDA_PTX_E4M3X2_CUH
#define SPARSE24_CUDA_PTX_E4M3X2_CUH

#include <cuda_runtime.h>

#include <cstdint>

namespace s24::cuda {

__device__ inline uint32_t e4m3x2_to_f16x2(uint32_t pair) {
  uint32_t f16s = 0;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 890
  __trap();  // not chosen on this GPU
#else
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(f16s) : "h"(static_cast<uint16_t>(pair)));
#endif
  return f16s;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PTX_E4M3X2_CUH
