// Gathers the values a mask keeps, a group of four a cell. A run with a group whose mask has not two bits writes
// nothing.
#ifndef SPARSE24_CUDA_COMPRESS24_CELLS_HPP
#define SPARSE24_CUDA_COMPRESS24_CELLS_HPP

#include "mask_check.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct CompressCells {
  s24_convert_args a;
  const T *from;
  T *to;
  MaskCheck mask;

  explicit CompressCells(const ConvertCall &call)
      : a(call.args),
        from(static_cast<const T *>(call.from)),
        to(static_cast<T *>(call.to)),
        mask{call.mask, call.args.mask_stride, call.args.k / 4} {}

  static constexpr int kRunRows = 1, kRunCells = 8 / static_cast<int>(sizeof(T));  // 32 bytes of W

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(16, from, a.w_stride * kSize) && rows_begin_on(16, to, a.values_stride * kSize) &&
           rows_begin_on(kRunCells / 2, mask.mask, mask.stride);
  }

  template <int, int kGroups>
  S24_HD int64_t take(int64_t row, int64_t group) const {
    constexpr bool kVectors = kGroups > 1;
    unsigned nibbles[kGroups];
    mask.nibbles(row, group, nibbles);
    T w[kGroups * 4], values[kGroups * 2];
    load<kVectors>(w, from + row * a.w_stride + group * 4);
    const int64_t place = mask.place(row, group, nibbles);
    if (place != kNowhere) return place;
    for (int g = 0; g < kGroups; g++) {
      values[g * 2] = first_of(nibbles[g], w + g * 4);
      values[g * 2 + 1] = second_of(nibbles[g], w + g * 4);
    }
    store<kVectors>(to + row * a.values_stride + group * 2, values);
    return kNowhere;
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_COMPRESS24_CELLS_HPP
