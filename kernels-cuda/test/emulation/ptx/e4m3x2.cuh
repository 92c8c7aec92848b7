// Stands in for src/ptx/e4m3x2.cuh.
#ifndef SPARSE24_CUDA_EMULATION_E4M3X2_HPP
#define SPARSE24_CUDA_EMULATION_E4M3X2_HPP

#include "dtype.hpp"

namespace s24::cuda {

inline uint32_t e4m3x2_to_f16x2(uint32_t pair) {
  uint32_t f16s = 0;
  for (int i = 0; i < 2; i++) {
    const E4m3 value{static_cast<uint8_t>(pair >> 8 * i)};
    f16s |= uint32_t{from_float<F16>(to_float(value)).bits} << 16 * i;
  }
  return f16s;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_E4M3X2_HPP
