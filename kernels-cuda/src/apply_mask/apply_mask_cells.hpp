// Any mask, any k: kept elements bit for bit, +0 elsewhere; an element a cell, so `to` may be `from`.
#ifndef SPARSE24_CUDA_APPLY_MASK_CELLS_HPP
#define SPARSE24_CUDA_APPLY_MASK_CELLS_HPP

#include "finding.hpp"
#include "memory/elements.hpp"
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

  static constexpr int kRunRows = 1, kRunCells = 32 / static_cast<int>(sizeof(T));

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(16, from, a.w_stride * kSize) && rows_begin_on(16, to, a.w_stride * kSize) &&
           rows_begin_on(kRunCells / 8, mask, a.mask_stride);
  }

  template <int, int kColumns>
  S24_HD int64_t take(int64_t row, int64_t column) const {
    constexpr bool kVectors = kColumns > 1;
    const int64_t index = row * a.w_stride + column;
    T w[kColumns];
    load<kVectors>(w, from + index);
    uint8_t bytes[kVectors ? kColumns / 8 : 1];
    load<kVectors>(bytes, mask + row * a.mask_stride + column / 8);
    for (int c = 0; c < kColumns; c++) {
      const int bit = kVectors ? c % 8 : static_cast<int>(column % 8);
      w[c] = (bytes[c / 8] >> bit & 1) != 0 ? w[c] : T{};
    }
    store<kVectors>(to + index, w);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_APPLY_MASK_CELLS_HPP
