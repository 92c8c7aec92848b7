// Of y = g s u, s = 1 / (1 + exp(-g)): dg = dy u s (1 + g (1 - s)), du = dy g s; an element a cell, so dg may be g and
// du may be u.
#ifndef SPARSE24_CUDA_SWIGLU_GRAD_CELLS_HPP
#define SPARSE24_CUDA_SWIGLU_GRAD_CELLS_HPP

#include "finding.hpp"
#include "memory/elements.hpp"
#include "sparse24/calls.hpp"
#include "swiglu/sigmoid.hpp"

namespace s24::cuda {

template <class T>
struct SwigluGradCells {
  s24_swiglu_grad_args a;
  const T *g, *u, *dy;
  T *dg, *du;

  explicit SwigluGradCells(const SwigluGradCall &call)
      : a(call.args),
        g(static_cast<const T *>(call.g)),
        u(static_cast<const T *>(call.u)),
        dy(static_cast<const T *>(call.dy)),
        dg(static_cast<T *>(call.dg)),
        du(static_cast<T *>(call.du)) {}

  static constexpr int kRunRows = 1, kRunCells = 16 / static_cast<int>(sizeof(T));

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(16, g, a.g_stride * kSize) && rows_begin_on(16, u, a.u_stride * kSize) &&
           rows_begin_on(16, dy, a.dy_stride * kSize) && rows_begin_on(16, dg, a.dg_stride * kSize) &&
           rows_begin_on(16, du, a.du_stride * kSize);
  }

  template <int, int kColumns>
  S24_HD int64_t take(int64_t row, int64_t column) const {
    constexpr bool kVectors = kColumns > 1;
    T gates[kColumns], ups[kColumns], slopes[kColumns];
    load<kVectors>(gates, g + row * a.g_stride + column);
    load<kVectors>(ups, u + row * a.u_stride + column);
    load<kVectors>(slopes, dy + row * a.dy_stride + column);
    for (int c = 0; c < kColumns; c++) {
      const float gate = to_float(gates[c]), up = to_float(ups[c]), slope = to_float(slopes[c]);
      const float s = sigmoid(gate);
      gates[c] = from_float<T>(slope * up * s * (1.0f + gate * (1.0f - s)));
      ups[c] = from_float<T>(slope * (gate * s));
    }
    store<kVectors>(dg + row * a.dg_stride + column, gates);
    store<kVectors>(du + row * a.du_stride + column, ups);
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SWIGLU_GRAD_CELLS_HPP
