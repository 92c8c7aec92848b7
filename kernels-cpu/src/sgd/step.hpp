// sgd on V's lanes (floats.hpp), each operation rounded by itself, none fused, so that every kernel gives the same
// bits. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SGD_STEP_HPP
#define SPARSE24_CPU_SGD_STEP_HPP

#include "dtype.hpp"
#include "kernel.hpp"
#include "numbers.hpp"

namespace s24::cpu {
namespace {

template <class V, class T>
void sgd_run(const Threads &threads, const SgdCall &call) {
  const s24_sgd_args &a = call.args;
  const auto grad_scale = V::set(a.grad_scale), weight_decay = V::set(a.weight_decay);
  const auto momentum = V::set(a.momentum), lr = V::set(a.lr);
  T *values = static_cast<T *>(call.values);
  for_numbers<V::kLanes>(threads, a.count, 5 * 4 + static_cast<int64_t>(sizeof(T)), [&](int64_t i, int64_t lanes) {
    const auto before = V::load(call.master + i, lanes);
    const auto scaled = V::times(grad_scale, V::load(call.gradient + i, lanes));
    const auto g = V::plus(scaled, V::times(weight_decay, before));
    const auto m = V::plus(V::times(momentum, V::load(call.m + i, lanes)), g);
    const auto after = V::minus(before, V::times(lr, m));
    V::store(call.m + i, lanes, m, false);
    V::store(call.master + i, lanes, after, false);
    V::store(values + i, lanes, after, false);
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SGD_STEP_HPP
