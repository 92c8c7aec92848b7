// The factors of an optimizer's step, the same in every kernel library: computed once a call, in double.
#ifndef SPARSE24_STEPS_HPP
#define SPARSE24_STEPS_HPP

#include <cmath>

#include "sparse24/s24.h"

namespace s24 {

// Of each number, each operation rounded to F32 by itself, none fused, so that every kernel of every library gives the
// same bits (but those of a NaN):
//   g = grad_scale * gradient
//   m = beta1 * m + new1 * g
//   v = beta2 * v + new2 * (g * g)
//   master = (master - decay * master) - rate * (m / (sqrt(v) + epsilon))
struct AdamwFactors {
  float grad_scale, beta1, new1, beta2, new2, decay, rate, epsilon;
};

// Internal linkage: sources of different instruction sets must not share an inline function.
namespace {

inline AdamwFactors adamw_factors(const s24_adamw_args &a) {
  const double step = static_cast<double>(a.step), lr = a.lr;
  const double correction1 = 1.0 - std::pow(double{a.beta1}, step), correction2 = 1.0 - std::pow(double{a.beta2}, step);
  return {a.grad_scale,
          a.beta1,
          static_cast<float>(1.0 - a.beta1),
          a.beta2,
          static_cast<float>(1.0 - a.beta2),
          static_cast<float>(lr * a.weight_decay),
          static_cast<float>(lr * std::sqrt(correction2) / correction1),
          a.epsilon};
}

}  // namespace
}  // namespace s24

#endif  // SPARSE24_STEPS_HPP
