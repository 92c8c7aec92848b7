// 1 / (1 + exp(-g)): 0 where exp(-g) overflows.
#ifndef SPARSE24_CUDA_SIGMOID_HPP
#define SPARSE24_CUDA_SIGMOID_HPP

#include <cmath>

#include "host_device.hpp"

namespace s24::cuda {

S24_HD inline float sigmoid(float g) { return 1.0f / (1.0f + expf(-g)); }

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_SIGMOID_HPP
