// What becomes of a sum of products at a kept position: values = alpha * sum + beta * values.
#ifndef SPARSE24_CUDA_SDDMM24_OUTPUT_HPP
#define SPARSE24_CUDA_SDDMM24_OUTPUT_HPP

#include "mask_check.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

struct SddmmOutput {
  float alpha, beta;
  float *values;
  int64_t stride;
  MaskCheck mask;

  explicit SddmmOutput(const SddmmCall &call)
      : alpha(call.args.alpha),
        beta(call.args.beta),
        values(call.values),
        stride(call.args.values_stride),
        mask{call.mask, call.args.mask_stride, call.args.k / 4} {}

  // Value `at` of a row; its group is at / 2.
  S24_HD void finish(int64_t row, int64_t at, float sum) const {
    float *to = values + row * stride + at;
    *to = beta != 0.0f ? alpha * sum + beta * *to : alpha * sum;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SDDMM24_OUTPUT_HPP
