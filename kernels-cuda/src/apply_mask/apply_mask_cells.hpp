// Any mask, any k: kept elements bit for bit, +0 elsewhere; an element a cell, so `to` may be `from`.
#ifndef SPARSE24_CUDA_APPLY_MASK_CELLS_HPP
#define SPARSE24_CUDA_APPLY_MASK_CELLS_HPP

#include "finding.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct ApplyMaskCells {
  s24_convert_args a;
  const T *from;
  const uint8_t *mask;
  T *to;

  explicit ApplyMaskCells(const ConvertCall &call)
      : a(call.args), from(static_cast<const T *>(call.from)), mask(call.mask), to(static_cast<T *>(call.to)) {}

  S24_HD int64_t operator()(int64_t row, int64_t column) const {
    const bool kept = (mask[row * a.mask_stride + column / 8] >> column % 8 & 1) != 0;
    const int64_t index = row * a.w_stride + column;
    to[index] = kept ? from[index] : T{};
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_APPLY_MASK_CELLS_HPP
