// What exponents are taken over, so that none overflows.
#ifndef SPARSE24_CUDA_SOFTMAX_HPP
#define SPARSE24_CUDA_SOFTMAX_HPP

#include <cmath>

#include "host_device.hpp"

namespace s24::cuda {

// The largest number, or 0 where all are -Inf: their exponentials are to be 0, and -Inf less itself is NaN.
S24_HD inline float exponent_base(float most) { return most == -HUGE_VALF ? 0.0f : most; }

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SOFTMAX_HPP
