// Gathers the values a mask keeps, a group of four a cell. A group whose mask has not two bits writes nothing.
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

  S24_HD int64_t operator()(int64_t row, int64_t group) const {
    const int64_t place = mask.place(row, group);
    if (place != kNowhere) return place;
    const unsigned nibble = mask.nibble(row, group);
    const T *w = from + row * a.w_stride + group * 4;
    T *values = to + row * a.values_stride + group * 2;
    values[0] = w[first_kept(nibble)];
    values[1] = w[second_kept(nibble)];
    return kNowhere;
  }

  S24_HD Finding explain(int64_t place) const { return mask.explain(place); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_COMPRESS24_CELLS_HPP
