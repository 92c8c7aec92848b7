// A step of AdamW on four numbers, in the order of sparse24/steps.hpp.
#ifndef SPARSE24_CUDA_ADAMW_NUMBERS_HPP
#define SPARSE24_CUDA_ADAMW_NUMBERS_HPP

#include "four.hpp"
#include "rounded.hpp"
#include "sparse24/calls.hpp"
#include "sparse24/steps.hpp"

namespace s24::cuda {

template <class T>
struct AdamwNumbers {
  AdamwFactors f;
  int64_t count;
  const float *gradient;
  float *master, *m, *v;
  T *values;
  bool aligned;

  explicit AdamwNumbers(const AdamwCall &call)
      : f(adamw_factors(call.args)),
        count(call.args.count),
        gradient(call.gradient),
        master(call.master),
        m(call.m),
        v(call.v),
        values(static_cast<T *>(call.values)),
        aligned(four_aligned(gradient, 0) && four_aligned(master, 0) && four_aligned(m, 0) && four_aligned(v, 0) &&
                four_aligned(values, 0)) {}

  S24_HD void operator()(int64_t four) const {
    const int64_t at = kFour * four, left = count - at;
    const Four<float> new_gradient = load_four(gradient + at, aligned, left);
    Four<float> first = load_four(m + at, aligned, left), second = load_four(v + at, aligned, left);
    Four<float> weight = load_four(master + at, aligned, left);
    for (int64_t i = 0; i < kFour; i++) {
      const float g = times(f.grad_scale, new_gradient.at[i]), before = weight.at[i];
      first.at[i] = plus(times(f.beta1, first.at[i]), times(f.new1, g));
      second.at[i] = plus(times(f.beta2, second.at[i]), times(f.new2, times(g, g)));
      const float step = over(first.at[i], plus(root(second.at[i]), f.epsilon));
      weight.at[i] = minus(minus(before, times(f.decay, before)), times(f.rate, step));
    }
    store_four(m + at, aligned, left, first);
    store_four(v + at, aligned, left, second);
    store_four(master + at, aligned, left, weight);
    store_four(values + at, aligned, left, weight);
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ADAMW_NUMBERS_HPP
