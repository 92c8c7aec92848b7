// adamw in the order of sparse24/steps.hpp, on V's lanes (floats.hpp). Memory sets its pace, so nothing is lost by
// multiplications and additions that are not fused. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ADAMW_STEP_HPP
#define SPARSE24_CPU_ADAMW_STEP_HPP

#include "dtype.hpp"
#include "kernel.hpp"
#include "numbers.hpp"
#include "sparse24/steps.hpp"

namespace s24::cpu {
namespace {

template <class V, class T>
void adamw_run(const Threads &threads, const AdamwCall &call) {
  const AdamwFactors f = adamw_factors(call.args);
  const auto beta1 = V::set(f.beta1), new1 = V::set(f.new1), beta2 = V::set(f.beta2), new2 = V::set(f.new2);
  const auto grad_scale = V::set(f.grad_scale), decay = V::set(f.decay), rate = V::set(f.rate);
  const auto epsilon = V::set(f.epsilon);
  T *values = static_cast<T *>(call.values);
  for_numbers<V::kLanes>(
      threads, call.args.count, 7 * 4 + static_cast<int64_t>(sizeof(T)), [&](int64_t i, int64_t lanes) {
        const auto g = V::times(grad_scale, V::load(call.gradient + i, lanes));
        const auto m = V::plus(V::times(beta1, V::load(call.m + i, lanes)), V::times(new1, g));
        const auto v = V::plus(V::times(beta2, V::load(call.v + i, lanes)), V::times(new2, V::times(g, g)));
        const auto before = V::load(call.master + i, lanes);
        const auto step = V::over(m, V::plus(V::root(v), epsilon));
        const auto after = V::minus(V::minus(before, V::times(decay, before)), V::times(rate, step));
        V::store(call.m + i, lanes, m, false);
        V::store(call.v + i, lanes, v, false);
        V::store(call.master + i, lanes, after, false);
        V::store(values + i, lanes, after, false);
      });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ADAMW_STEP_HPP
