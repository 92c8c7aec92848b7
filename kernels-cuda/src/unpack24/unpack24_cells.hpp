// Out of the packed layout, bit for bit. A cell is a byte of the mask or a value.
#ifndef SPARSE24_CUDA_UNPACK24_CELLS_HPP
#define SPARSE24_CUDA_UNPACK24_CELLS_HPP

#include "finding.hpp"
#include "packed_rows.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct UnpackCells {
  s24_pack24_args a;
  T *values;
  uint8_t *mask;
  PackedRows<T> packed;

  explicit UnpackCells(const PackCall &call)
      : a(call.args), values(static_cast<T *>(call.values)), mask(call.mask), packed(call.packed, call.args.k) {}

  S24_HD int64_t mask_cells() const { return (a.k + 7) / 8; }
  S24_HD int64_t cells() const { return mask_cells() + a.k / 2; }

  S24_HD int64_t operator()(int64_t row, int64_t cell) const {
    const int64_t index = cell - mask_cells();
    if (index < 0) {
      mask[row * a.mask_stride + cell] = packed.mask(row)[cell];
    } else {
      values[row * a.values_stride + index] = packed.values(row)[index];
    }
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_UNPACK24_CELLS_HPP
