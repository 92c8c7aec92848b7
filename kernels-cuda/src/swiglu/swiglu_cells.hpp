// y = silu(g) * u, an element a cell, so y may be g or u.
#ifndef SPARSE24_CUDA_SWIGLU_CELLS_HPP
#define SPARSE24_CUDA_SWIGLU_CELLS_HPP

#include "finding.hpp"
#include "memory/elements.hpp"
#include "sparse24/calls.hpp"
#include "swiglu/sigmoid.hpp"

namespace s24::cuda {

template <class T>
struct SwigluCells {
  s24_swiglu_args a;
  const T *g, *u;
  T *y;

  explicit SwigluCells(const SwigluCall &call)
      : a(call.args),
        g(static_cast<const T *>(call.g)),
        u(static_cast<const T *>(call.u)),
        y(static_cast<T *>(call.y)) {}

  static constexpr int kRunRows = 1, kRunCells = 16 / static_cast<int>(sizeof(T));

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(16, g, a.g_stride * kSize) && rows_begin_on(16, u, a.u_stride * kSize) &&
           rows_begin_on(16, y, a.y_stride * kSize);
  }

  template <int, int kColumns>
  S24_HD int64_t take(int64_t row, int64_t column) const {
    constexpr bool kVectors = kColumns > 1;
    T gates[kColumns], ups[kColumns];
    load<kVectors>(gates, g + row * a.g_stride + column);
    load<kVectors>(ups, u + row * a.u_stride + column);
    for (int c = 0; c < kColumns; c++) {
      const float gate = to_float(gates[c]);
      ups[c] = from_float<T>(gate * sigmoid(gate) * to_float(ups[c]));
    }
    store<kVectors>(y + row * a.y_stride + column, ups);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SWIGLU_CELLS_HPP
