// swiglu_grad on V's lanes (floats.hpp). Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SWIGLU_GRAD_ELEMENTS_HPP
#define SPARSE24_CPU_SWIGLU_GRAD_ELEMENTS_HPP

#include "dtype.hpp"
#include "for_elements.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// With s = 1 / (1 + exp(-g)): du = dy g s, dg = dy u s (1 + g (1 - s)).
template <class V, class T>
void swiglu_grad_run(const Threads &threads, const SwigluGradCall &call) {
  const s24_swiglu_grad_args &a = call.args;
  const T *g_of = static_cast<const T *>(call.g), *u_of = static_cast<const T *>(call.u);
  const T *dy_of = static_cast<const T *>(call.dy);
  T *dg = static_cast<T *>(call.dg), *du = static_cast<T *>(call.du);
  const auto zero = V::set(0.0f), one = V::set(1.0f);
  const bool gapless = a.g_stride == a.cols && a.u_stride == a.cols && a.dy_stride == a.cols && a.dg_stride == a.cols &&
                       a.du_stride == a.cols;
  for_elements<V::kLanes>(
      threads, a.rows, a.cols, gapless, static_cast<int64_t>(5 * sizeof(T)), [&](int64_t i, int64_t j, int64_t lanes) {
        const auto g = V::load(g_of + i * a.g_stride + j, lanes), u = V::load(u_of + i * a.u_stride + j, lanes);
        const auto dy = V::load(dy_of + i * a.dy_stride + j, lanes);
        const auto s = V::over(one, V::plus(one, V::exp(V::minus(zero, g))));
        const auto slope = V::times(s, V::fma(g, V::minus(one, s), one));
        V::store(dg + i * a.dg_stride + j, lanes, V::times(V::times(dy, u), slope), false);
        V::store(du + i * a.du_stride + j, lanes, V::times(dy, V::times(g, s)), false);
      });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SWIGLU_GRAD_ELEMENTS_HPP
