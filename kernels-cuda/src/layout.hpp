// Packed layout 1 ("rows"), for every type: row after row, each
//   mask    ceil(k/8) bytes, as the canonical mask, zero up to a multiple of 64
//   values  k/2 elements, as the canonical values, zero up to a multiple of 64 bytes
// A GPU's memory moves sectors of 32 bytes. Neighbouring threads take neighbouring groups, so a warp reads 16 mask
// bytes and 64 (8-bit types), 128 (16-bit types) or 256 (F32) bytes of values in a piece. The layouts of the
// tensor-core kernels are in fragments.hpp.
#ifndef SPARSE24_CUDA_LAYOUT_HPP
#define SPARSE24_CUDA_LAYOUT_HPP

#include <cstdint>

#include "host_device.hpp"

namespace s24::cuda {

constexpr int32_t kLayoutRows = 1;

S24_HD constexpr int64_t lines(int64_t bytes) { return (bytes + 63) / 64 * 64; }

struct RowsLayout {
  int64_t values_offset;  // bytes from a row's start
  int64_t row_bytes;

  S24_HD RowsLayout(int64_t k, int64_t element_size)
      : values_offset(lines((k + 7) / 8)), row_bytes(values_offset + lines(k / 2 * element_size)) {}
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_LAYOUT_HPP
