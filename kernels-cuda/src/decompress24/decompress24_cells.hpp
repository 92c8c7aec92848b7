// Back to dense, +0 where the mask has no bit, a group of four a cell. A group whose mask has not two bits writes
// nothing.
#ifndef SPARSE24_CUDA_DECOMPRESS24_CELLS_HPP
#define SPARSE24_CUDA_DECOMPRESS24_CELLS_HPP

#include "mask_check.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct DecompressCells {
  s24_convert_args a;
  const T *from;
  T *to;
  MaskCheck mask;

  explicit DecompressCells(const ConvertCall &call)
      : a(call.args),
        from(static_cast<const T *>(call.from)),
        to(static_cast<T *>(call.to)),
        mask{call.mask, call.args.mask_stride, call.args.k / 4} {}

  S24_HD int64_t operator()(int64_t row, int64_t group) const {
    const int64_t place = mask.place(row, group);
    if (place != kNowhere) return place;
    const unsigned nibble = mask.nibble(row, group);
    const T *values = from + row * a.values_stride + group * 2;
    T *w = to + row * a.w_stride + group * 4;
    const unsigned first = first_kept(nibble), second = second_kept(nibble);
    for (unsigned c = 0; c < 4; c++) w[c] = c == first ? values[0] : c == second ? values[1] : T{};
    return kNowhere;
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_DECOMPRESS24_CELLS_HPP
