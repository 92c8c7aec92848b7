// What the stand-in for the driver writes into a CUtensorMap: a matrix, and boxes of it in the 128-byte swizzle.
#ifndef SPARSE24_CUDA_EMULATION_TENSOR_MAP_STAND_IN_HPP
#define SPARSE24_CUDA_EMULATION_TENSOR_MAP_STAND_IN_HPP

#include <cuda.h>

namespace s24::emulation {

struct TensorMap {
  const unsigned char *data;
  cuuint64_t row_bytes, rows, stride;  // bytes
  cuuint32_t element, box_rows;
};
static_assert(sizeof(TensorMap) <= sizeof(CUtensorMap), "it fits where the driver's own does");

constexpr unsigned kBoxBytes = 128;  // a row of a box

}  // namespace s24::emulation

#endif  // SPARSE24_CUDA_EMULATION_TENSOR_MAP_STAND_IN_HPP
