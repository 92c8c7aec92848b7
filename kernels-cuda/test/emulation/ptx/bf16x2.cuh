// Stands in for src/ptx/bf16x2.cuh.
#ifndef SPARSE24_CUDA_EMULATION_BF16X2_HPP
#define SPARSE24_CUDA_EMULATION_BF16X2_HPP

#include "dtype.hpp"

namespace s24::cuda {

inline uint32_t fma_bf16x2(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t d = 0;
  for (int shift = 0; shift < 32; shift += 16) {
    const auto half = [shift](uint32_t pair) { return to_float(Bf16{static_cast<uint16_t>(pair >> shift)}); };
    // A product of two BF16 is exact in F32; what is added here keeps it so.
    d |= static_cast<uint32_t>(from_float<Bf16>(half(a) * half(b) + half(c)).bits) << shift;
  }
  return d;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_BF16X2_HPP
