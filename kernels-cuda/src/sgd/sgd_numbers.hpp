// A step of gradient descent with momentum on four numbers, in the order of the CPU library's kernels.
#ifndef SPARSE24_CUDA_SGD_NUMBERS_HPP
#define SPARSE24_CUDA_SGD_NUMBERS_HPP

#include "four.hpp"
#include "rounded.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

template <class T>
struct SgdNumbers {
  s24_sgd_args a;
  const float *gradient;
  float *master, *m;
  T *values;
  bool aligned;

  explicit SgdNumbers(const SgdCall &call)
      : a(call.args),
        gradient(call.gradient),
        master(call.master),
        m(call.m),
        values(static_cast<T *>(call.values)),
        aligned(four_aligned(gradient, 0) && four_aligned(master, 0) && four_aligned(m, 0) && four_aligned(values, 0)) {
  }

  S24_HD void operator()(int64_t four) const {
    const int64_t at = kFour * four, left = a.count - at;
    const Four<float> new_gradient = load_four(gradient + at, aligned, left);
    Four<float> moment = load_four(m + at, aligned, left), weight = load_four(master + at, aligned, left);
    for (int64_t i = 0; i < kFour; i++) {
      const float before = weight.at[i];
      const float g = plus(times(a.grad_scale, new_gradient.at[i]), times(a.weight_decay, before));
      moment.at[i] = plus(times(a.momentum, moment.at[i]), g);
      weight.at[i] = minus(before, times(a.lr, moment.at[i]));
    }
    store_four(m + at, aligned, left, moment);
    store_four(master + at, aligned, left, weight);
    store_four(values + at, aligned, left, weight);
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SGD_NUMBERS_HPP
