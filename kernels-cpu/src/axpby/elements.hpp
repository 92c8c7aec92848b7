// axpby on V's lanes (floats.hpp), nothing fused, so that every kernel gives the same bits. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_AXPBY_ELEMENTS_HPP
#define SPARSE24_CPU_AXPBY_ELEMENTS_HPP

#include "dtype.hpp"
#include "for_elements.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class V, class Y, class X>
void axpby_run(const Threads &threads, const AxpbyCall &call) {
  const s24_axpby_args &a = call.args;
  const X *x = static_cast<const X *>(call.x);
  Y *y = static_cast<Y *>(call.y);
  const auto alpha = V::set(a.alpha), beta = V::set(a.beta);
  const bool gapless = a.x_stride == a.cols && a.y_stride == a.cols;
  const auto all = [&](const auto &of) {
    for_elements<V::kLanes>(threads, a.rows, a.cols, gapless, static_cast<int64_t>(sizeof(X) + 2 * sizeof(Y)), of);
  };
  if (a.beta == 0.0f) {
    all([&](int64_t i, int64_t j, int64_t lanes) {
      const auto product = V::times(alpha, V::load(x + i * a.x_stride + j, lanes));
      V::store(y + i * a.y_stride + j, lanes, product, false);
    });
  } else {
    all([&](int64_t i, int64_t j, int64_t lanes) {
      Y *to = y + i * a.y_stride + j;
      const auto kept = V::times(beta, V::load(to, lanes));
      V::store(to, lanes, V::plus(V::times(alpha, V::load(x + i * a.x_stride + j, lanes)), kept), false);
    });
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AXPBY_ELEMENTS_HPP
