// Arithmetic of which each operation is rounded by itself: the compiler would fuse some, and the last bit would be
// another than the CPU library's.
#ifndef SPARSE24_CUDA_ROUNDED_HPP
#define SPARSE24_CUDA_ROUNDED_HPP

#include <cmath>

#include "host_device.hpp"

namespace s24::cuda {

#if defined(__CUDA_ARCH__)
#define S24_ROUNDED(device, host) return device
#else
#define S24_ROUNDED(device, host) return host
#endif

S24_HD inline float times(float a, float b) { S24_ROUNDED(__fmul_rn(a, b), a * b); }
S24_HD inline float plus(float a, float b) { S24_ROUNDED(__fadd_rn(a, b), a + b); }
S24_HD inline float minus(float a, float b) { S24_ROUNDED(__fsub_rn(a, b), a - b); }
S24_HD inline float over(float a, float b) { S24_ROUNDED(__fdiv_rn(a, b), a / b); }
S24_HD inline float root(float v) { S24_ROUNDED(__fsqrt_rn(v), sqrtf(v)); }

#undef S24_ROUNDED

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ROUNDED_HPP
