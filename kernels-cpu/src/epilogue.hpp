// y = act(alpha * sum + beta * c + bias), and the low-rank term, for one element. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_EPILOGUE_HPP
#define SPARSE24_CPU_EPILOGUE_HPP

#include <cmath>

#include "dtype.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

inline float activate(float v, int32_t activation) {
  switch (activation) {
    case S24_ACT_RELU:
      return v < 0.0f ? 0.0f : v;  // NaN stays
    case S24_ACT_GELU_TANH:
      return 0.5f * v * (1.0f + std::tanh(0.7978845608f * (v + 0.044715f * v * v * v)));
    case S24_ACT_GELU_ERF:
      return 0.5f * v * std::erfc(-0.7071067812f * v);
    case S24_ACT_SILU:
      return v / (1.0f + std::exp(-v));
    default:
      return v;
  }
}

// The sum of products of elements, times the scales of the rows they are in.
inline float scaled(const GemmCall &call, int64_t i, int64_t j, float sum) {
  if (call.w_scales != nullptr) sum *= call.w_scales[j];
  if (call.x_scales != nullptr) sum *= call.x_scales[i];
  return sum;
}

// With a rank of 0 nothing is added: -0 stays.
inline bool has_lowrank(const GemmCall &call) { return call.lowrank != nullptr && call.lowrank->rank > 0; }

// (T R^T)[i, j], of elements of type E. Sums side by side, for the compiler to use what vectors there are.
template <class E>
inline float lowrank(const GemmCall &call, int64_t i, int64_t j) {
  constexpr int kSums = 8;
  const s24_lowrank_args &l = *call.lowrank;
  const E *t = static_cast<const E *>(call.t) + i * l.t_stride, *r = static_cast<const E *>(call.r) + j * l.r_stride;
  float sums[kSums] = {};
  int64_t c = 0;
  for (; c + kSums <= l.rank; c += kSums) {
    for (int s = 0; s < kSums; s++) sums[s] += to_float(t[c + s]) * to_float(r[c + s]);
  }
  float sum = 0.0f;
  for (; c < l.rank; c++) sum += to_float(t[c]) * to_float(r[c]);
  for (float v : sums) sum += v;
  return sum;
}

// T is the type of Y and C, and of a low-rank term.
template <class T>
inline void finish(const GemmCall &call, int64_t i, int64_t j, float sum) {
  const s24_gemm_args &a = call.args;
  float v = a.alpha * scaled(call, i, j, sum);
  if (a.beta != 0.0f) v += a.beta * to_float(static_cast<const T *>(call.c)[i * a.c_stride + j]);
  if (call.bias != nullptr) v += call.bias[j];
  v = activate(v, a.activation);
  if (has_lowrank(call)) v += lowrank<T>(call, i, j);
  static_cast<T *>(call.y)[i * a.y_stride + j] = from_float<T>(v);
}

// The type of Y where X's, of eight bits, does not say it.
inline void finish_named(const GemmCall &call, int64_t i, int64_t j, float sum) {
  if (call.args.y_dtype == S24_BF16) return finish<Bf16>(call, i, j, sum);
  finish<float>(call, i, j, sum);
}
template <>
inline void finish<I8>(const GemmCall &call, int64_t i, int64_t j, float sum) {
  finish_named(call, i, j, sum);
}
template <>
inline void finish<E4m3>(const GemmCall &call, int64_t i, int64_t j, float sum) {
  finish_named(call, i, j, sum);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_EPILOGUE_HPP
