// A packed weight by its parts, and four neighbouring columns of a row of it (or of a dense matrix), widened to what
// the products are in (SumOf): what both multiplications read.
#ifndef SPARSE24_CUDA_PACKED_ROWS_HPP
#define SPARSE24_CUDA_PACKED_ROWS_HPP

#include "dtype.hpp"
#include "layout.hpp"
#include "mask.hpp"

namespace s24::cuda {

// Columns 4 * group and on; those from `columns` on read as 0.
template <class T>
struct DenseRows {
  using Element = T;

  // Weight times input.
  template <class Sum>
  S24_HD static Sum product(Sum weight, Sum input) {
    return weight * input;
  }

  const T *data;
  int64_t stride, columns;

  template <class Sum>
  S24_HD void group(int64_t row, int64_t group, Sum *out) const {
    const T *from = data + row * stride + group * 4;
    for (int c = 0; c < 4; c++) out[c] = group * 4 + c < columns ? widen<Sum>(from[c]) : Sum{0};
  }
};

template <class T>
struct PackedRows {
  using Element = T;

  // A dropped weight, which reads as 0, takes no part, whatever the input is.
  template <class Sum>
  S24_HD static Sum product(Sum weight, Sum input) {
    return weight != Sum{0} ? weight * input : Sum{0};
  }

  uint8_t *data;
  RowsLayout layout;

  PackedRows(const void *packed, int64_t k)
      : data(static_cast<uint8_t *>(const_cast<void *>(packed))), layout(k, sizeof(T)) {}

  S24_HD uint8_t *mask(int64_t row) const { return data + row * layout.row_bytes; }
  S24_HD T *values(int64_t row) const { return reinterpret_cast<T *>(mask(row) + layout.values_offset); }

  // Dropped columns read as 0.
  template <class Sum>
  S24_HD void group(int64_t row, int64_t group, Sum *out) const {
    const unsigned nibble = mask_nibble(mask(row), group);
    const Sum one = widen<Sum>(values(row)[2 * group]), two = widen<Sum>(values(row)[2 * group + 1]);
    const unsigned first = first_kept(nibble), second = second_kept(nibble);
    for (unsigned c = 0; c < 4; c++) out[c] = c == first ? one : c == second ? two : Sum{0};
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_PACKED_ROWS_HPP
