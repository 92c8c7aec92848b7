// out = x, or x times its row's scale in F32, rounded: four columns of a row a cell. A matrix without gaps is one row.
#ifndef SPARSE24_CUDA_CAST_CELLS_HPP
#define SPARSE24_CUDA_CAST_CELLS_HPP

#include "finding.hpp"
#include "four.hpp"
#include "rounded.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class To, class X>
struct CastCells {
  s24_cast_args a;
  const X *x;
  const float *scales;  // null where x has none
  To *out;
  bool aligned;

  explicit CastCells(const CastCall &call)
      : a(call.args),
        x(static_cast<const X *>(call.x)),
        scales(call.scales),
        out(static_cast<To *>(call.out)),
        aligned(false) {
    if (scales == nullptr && a.x_stride == a.cols && a.out_stride == a.cols) {
      a.cols *= a.rows;
      a.rows = 1;
      a.x_stride = a.out_stride = 0;
    }
    aligned = four_aligned(x, a.x_stride) && four_aligned(out, a.out_stride);
  }

  S24_HD void operator()(int64_t four) const { (*this)(0, four); }

  S24_HD int64_t operator()(int64_t row, int64_t four) const {
    const int64_t column = kFour * four, count = a.cols - column;
    const X *from = x + row * a.x_stride + column;
    To *to = out + row * a.out_stride + column;
    if constexpr (std::is_same_v<To, X>) {
      copy(from, to, count);
    } else {
      Four<float> v = load_four(from, aligned, count);
      if (scales != nullptr) {
        for (float &element : v.at) element = times(element, scales[row]);
      }
      store_four(to, aligned, count, v);
    }
    return kNowhere;
  }

 private:
  S24_HD void copy(const X *from, X *to, int64_t count) const {
    if (aligned && count >= kFour) {
      *reinterpret_cast<Four<X> *>(to) = *reinterpret_cast<const Four<X> *>(from);
    } else {
      for (int64_t i = 0; i < kFour && i < count; i++) to[i] = from[i];
    }
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_CAST_CELLS_HPP
