// swiglu on V's lanes (floats.hpp). Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SWIGLU_ELEMENTS_HPP
#define SPARSE24_CPU_SWIGLU_ELEMENTS_HPP

#include "dtype.hpp"
#include "for_elements.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class V, class T>
void swiglu_run(const Threads &threads, const SwigluCall &call) {
  const s24_swiglu_args &a = call.args;
  const T *g_of = static_cast<const T *>(call.g), *u_of = static_cast<const T *>(call.u);
  T *y = static_cast<T *>(call.y);
  const auto zero = V::set(0.0f), one = V::set(1.0f);
  const bool gapless = a.g_stride == a.cols && a.u_stride == a.cols && a.y_stride == a.cols;
  for_elements<V::kLanes>(threads, a.rows, a.cols, gapless, static_cast<int64_t>(3 * sizeof(T)),
                          [&](int64_t i, int64_t j, int64_t lanes) {
                            const auto g = V::load(g_of + i * a.g_stride + j, lanes);
                            const auto u = V::load(u_of + i * a.u_stride + j, lanes);
                            const auto silu = V::over(g, V::plus(one, V::exp(V::minus(zero, g))));
                            V::store(y + i * a.y_stride + j, lanes, V::times(silu, u), false);
                          });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SWIGLU_ELEMENTS_HPP
