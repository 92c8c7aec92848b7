// y = act(alpha * sum + beta * c + bias), and the low-rank term, eight outputs of one row of Y at a time. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_FINISH_HPP
#define SPARSE24_CPU_AVX2_FINISH_HPP

#include "avx2/floats.hpp"
#include "epilogue.hpp"

namespace s24::cpu {
namespace {

// (T R^T)[i, j .. j + 7]: along the rank, and the eight sums turned into one vector at the end.
template <class E>
inline __m256 lowrank8(const GemmCall &call, int64_t i, int64_t j) {
  const s24_lowrank_args &l = *call.lowrank;
  const E *t = static_cast<const E *>(call.t) + i * l.t_stride, *r = static_cast<const E *>(call.r) + j * l.r_stride;
  __m256i sums[8];
  for (int64_t o = 0; o < 8; o++) {
    __m256 sum = _mm256_setzero_ps();
    for (int64_t c = 0; c < l.rank; c += 8) {
      sum = _mm256_fmadd_ps(load8(t + c, l.rank - c), load8(r + o * l.r_stride + c, l.rank - c), sum);
    }
    sums[o] = _mm256_castps_si256(sum);
  }
  transpose8(sums);
  __m256 sum = _mm256_castsi256_ps(sums[0]);
  for (int o = 1; o < 8; o++) sum = _mm256_add_ps(sum, _mm256_castsi256_ps(sums[o]));
  return sum;
}

inline __m256 activate8(__m256 v, int32_t activation) {
  if (activation == S24_ACT_NONE) return v;
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, v);
  for (float &lane : lanes) lane = activate(lane, activation);
  return _mm256_load_ps(lanes);
}

// Outputs (i, j .. j + 7), those of them that exist. T is the type of Y and C, and of a low-rank term.
template <class T>
inline void finish8(const GemmCall &call, int64_t i, int64_t j, __m256 sums) {
  const s24_gemm_args &a = call.args;
  if (a.n - j < 8) {
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, sums);
    for (int64_t o = 0; j + o < a.n; o++) finish<T>(call, i, j + o, lanes[o]);
    return;
  }
  if (call.w_scales != nullptr) sums = _mm256_mul_ps(sums, load8(call.w_scales + j));
  if (call.x_scales != nullptr) sums = _mm256_mul_ps(sums, _mm256_set1_ps(call.x_scales[i]));
  __m256 v = _mm256_mul_ps(sums, _mm256_set1_ps(a.alpha));
  if (a.beta != 0.0f) {
    const T *c = static_cast<const T *>(call.c) + i * a.c_stride + j;
    v = _mm256_fmadd_ps(load8(c), _mm256_set1_ps(a.beta), v);
  }
  if (call.bias != nullptr) v = _mm256_add_ps(v, load8(call.bias + j));
  v = activate8(v, a.activation);
  if (has_lowrank(call)) v = _mm256_add_ps(v, lowrank8<T>(call, i, j));
  Avx2Floats::store(static_cast<T *>(call.y) + i * a.y_stride + j, 8, v, false);
}

// The type of Y where X's, of eight bits, does not say it.
inline void finish8_named(const GemmCall &call, int64_t i, int64_t j, __m256 sums) {
  if (call.args.y_dtype == S24_BF16) return finish8<Bf16>(call, i, j, sums);
  finish8<float>(call, i, j, sums);
}
template <>
inline void finish8<I8>(const GemmCall &call, int64_t i, int64_t j, __m256 sums) {
  finish8_named(call, i, j, sums);
}
template <>
inline void finish8<E4m3>(const GemmCall &call, int64_t i, int64_t j, __m256 sums) {
  finish8_named(call, i, j, sums);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_FINISH_HPP
