// A matrix in device memory as the tensor memory accelerator (TMA) sees it.
#ifndef SPARSE24_CUDA_TENSOR_MAP_HPP
#define SPARSE24_CUDA_TENSOR_MAP_HPP

#include <cuda.h>

#include <cstdint>

namespace s24::cuda {

struct TmaMatrix {
  const void *data;
  int32_t dtype;
  int64_t rows, columns, stride;  // elements
};

// Whether TMA can read it: it wants addresses and strides in multiples of 16 bytes, and counts in 32 bits.
bool tma_reads(const TmaMatrix &matrix);

// For boxes of box_rows (at most 256) times 128 bytes, in the 128-byte swizzle: of the 16-byte pieces of row r of a
// box, number p stands at p ^ r % 8. What of a box lies outside the matrix reads as 0.
CUtensorMap tensor_map(const TmaMatrix &matrix, uint32_t box_rows);

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_TENSOR_MAP_HPP
