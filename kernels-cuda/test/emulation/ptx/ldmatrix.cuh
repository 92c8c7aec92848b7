// Stands in for src/ptx/ldmatrix.cuh.
#ifndef SPARSE24_CUDA_EMULATION_LDMATRIX_HPP
#define SPARSE24_CUDA_EMULATION_LDMATRIX_HPP

#include "ptx/shared_memory.cuh"

namespace s24::cuda {

inline void ldmatrix(uint32_t (&to)[4], const void *row) {
  const auto *rows = s24::emulation::gather(row);
  const int lane = s24::emulation::lane();
  for (int matrix = 0; matrix < 4; matrix++) {
    const auto *from = static_cast<const uint8_t *>(rows[matrix * 8 + lane / 4]);
    std::memcpy(&to[matrix], from + lane % 4 * 4, 4);
  }
}

inline void ldmatrix_transposed(uint32_t (&to)[4], const void *row) {
  const auto *rows = s24::emulation::gather(row);
  const int lane = s24::emulation::lane();
  for (int matrix = 0; matrix < 4; matrix++) {
    for (int half = 0; half < 2; half++) {
      const void *from = rows[matrix * 8 + lane % 4 * 2 + half];
      s24::emulation::expect_aligned(from, 16);
      std::memcpy(reinterpret_cast<char *>(&to[matrix]) + half * 2, static_cast<const uint8_t *>(from) + lane / 4 * 2,
                  2);
    }
  }
}

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EMULATION_LDMATRIX_HPP
