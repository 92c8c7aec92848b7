// Stands in for src/ptx/permute_bytes.cuh.
#ifndef SPARSE24_CUDA_EMULATION_PERMUTE_BYTES_HPP
#define SPARSE24_CUDA_EMULATION_PERMUTE_BYTES_HPP

#include <cuda_runtime.h>

namespace s24::cuda {

template <uint32_t kChoice>
uint32_t permute_bytes(uint32_t low, uint32_t high) {
  const uint64_t bytes = uint64_t{high} << 32 | low;
  uint32_t result = 0;
  for (int i = 0; i < 4; i++) {
    const uint32_t byte = static_cast<uint32_t>(bytes >> (kChoice >> 4 * i & 7u) * 8) & 0xffu;
    const bool sign = (kChoice >> 4 * i & 8u) != 0;
    result |= (sign ? (byte >> 7) * 0xffu : byte) << 8 * i;
  }
  return result;
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_PERMUTE_BYTES_HPP
