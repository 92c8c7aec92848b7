// y = alpha * x + beta * y, an element a cell.
#ifndef SPARSE24_CUDA_AXPBY_CELLS_HPP
#define SPARSE24_CUDA_AXPBY_CELLS_HPP

#include "finding.hpp"
#include "memory/elements.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class Y, class X>
struct AxpbyCells {
  s24_axpby_args a;
  const X *x;
  Y *y;

  explicit AxpbyCells(const AxpbyCall &call)
      : a(call.args), x(static_cast<const X *>(call.x)), y(static_cast<Y *>(call.y)) {}

  static constexpr int kRunRows = 1, kRunCells = 16 / static_cast<int>(sizeof(X));

  bool in_vectors() const {
    return rows_begin_on(16, x, a.x_stride * static_cast<int64_t>(sizeof(X))) &&
           rows_begin_on(16, y, a.y_stride * static_cast<int64_t>(sizeof(Y)));
  }

  template <int, int kColumns>
  S24_HD int64_t take(int64_t row, int64_t column) const {
    constexpr bool kVectors = kColumns > 1;
    X from[kColumns];
    Y to[kColumns];
    load<kVectors>(from, x + row * a.x_stride + column);
    Y *at = y + row * a.y_stride + column;
    if (a.beta != 0.0f) load<kVectors>(to, at);
    for (int c = 0; c < kColumns; c++) {
      const float product = a.alpha * to_float(from[c]);
      to[c] = from_float<Y>(a.beta != 0.0f ? product + a.beta * to_float(to[c]) : product);
    }
    store<kVectors>(at, to);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_AXPBY_CELLS_HPP
