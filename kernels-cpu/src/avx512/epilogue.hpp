// y = act(alpha * sum + beta * c + bias), and the low-rank term, sixteen outputs of one row of Y at a time. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_EPILOGUE_HPP
#define SPARSE24_CPU_AVX512_EPILOGUE_HPP

#include "avx512/exp.hpp"
#include "avx512/vector.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// v / (1 + e^-u): SiLU for u = v, tanh GELU for u = 2 * the argument of tanh.
inline __m512 gated16(__m512 v, __m512 u) {
  return _mm512_div_ps(v, _mm512_add_ps(set16(1.0f), exp16(_mm512_sub_ps(_mm512_setzero_ps(), u))));
}

// erfc(|z|) = t (a1 + t (a2 + ...)) e^-z^2, t = 1 / (1 + p |z|), to 1.5e-7: Abramowitz and Stegun, 7.1.26.
inline __m512 gelu_erf16(__m512 v) {
  const __m512 z = _mm512_mul_ps(_mm512_abs_ps(v), set16(0.7071067812f));
  const __m512 t = _mm512_div_ps(set16(1.0f), _mm512_fmadd_ps(z, set16(0.3275911f), set16(1.0f)));
  __m512 p = set16(1.061405429f);
  for (float c : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f, 0.0f}) p = _mm512_fmadd_ps(p, t, set16(c));
  const __m512 erfc = _mm512_mul_ps(p, exp16(_mm512_sub_ps(_mm512_setzero_ps(), _mm512_mul_ps(z, z))));
  const __m512 below = _mm512_mul_ps(_mm512_mul_ps(set16(0.5f), v), erfc);  // v < 0; above it is v minus this
  const __mmask16 positive = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
  return _mm512_mask_sub_ps(below, positive, v, below);
}

inline __m512 activate16(__m512 v, int32_t activation) {
  switch (activation) {
    case S24_ACT_RELU:
      return _mm512_max_ps(_mm512_setzero_ps(), v);  // a NaN, second operand, stays
    case S24_ACT_GELU_TANH: {
      const __m512 cubic = _mm512_fmadd_ps(_mm512_mul_ps(v, v), set16(0.044715f), set16(1.0f));
      return gated16(v, _mm512_mul_ps(_mm512_mul_ps(v, cubic), set16(1.5957691216f)));
    }
    case S24_ACT_GELU_ERF:
      return gelu_erf16(v);
    case S24_ACT_SILU:
      return gated16(v, v);
    default:
      return v;
  }
}

// Sixteen sums of products of elements, times the scales of the rows they are in.
inline __m512 scaled16(const GemmCall &call, int64_t i, int64_t j, __mmask16 lanes, __m512 sums) {
  if (call.w_scales != nullptr) sums = _mm512_mul_ps(sums, load16(call.w_scales + j, lanes));
  if (call.x_scales != nullptr) sums = _mm512_mul_ps(sums, set16(call.x_scales[i]));
  return sums;
}

// (T R^T)[i, j .. j + 15]: along the rank, and the sixteen sums turned into one vector at the end.
template <class E>
inline __m512 lowrank16(const GemmCall &call, int64_t i, int64_t j) {
  const s24_lowrank_args &l = *call.lowrank;
  const E *t = static_cast<const E *>(call.t) + i * l.t_stride, *r = static_cast<const E *>(call.r) + j * l.r_stride;
  __m512i sums[16];
  for (int64_t o = 0; o < 16; o++) {
    __m512 sum = _mm512_setzero_ps();
    for (int64_t c = 0; o < call.args.n - j && c < l.rank; c += 16) {
      const __mmask16 lanes = first16(l.rank - c);
      sum = _mm512_fmadd_ps(load16(t + c, lanes), load16(r + o * l.r_stride + c, lanes), sum);
    }
    sums[o] = _mm512_castps_si512(sum);
  }
  transpose16(sums);
  __m512 sum = _mm512_castsi512_ps(sums[0]);
  for (int o = 1; o < 16; o++) sum = _mm512_add_ps(sum, _mm512_castsi512_ps(sums[o]));
  return sum;
}

// Outputs (i, j .. j + 15), those of them that exist. T is the type of Y and C, and of a low-rank term.
template <class T>
inline void finish16(const GemmCall &call, int64_t i, int64_t j, __m512 sums) {
  const s24_gemm_args &a = call.args;
  const __mmask16 lanes = first16(a.n - j);
  __m512 v = _mm512_mul_ps(scaled16(call, i, j, lanes, sums), set16(a.alpha));
  if (a.beta != 0.0f) {
    const T *c = static_cast<const T *>(call.c) + i * a.c_stride + j;
    v = _mm512_fmadd_ps(load16(c, lanes), set16(a.beta), v);
  }
  if (call.bias != nullptr) v = _mm512_add_ps(v, load16(call.bias + j, lanes));
  v = activate16(v, a.activation);
  if (call.lowrank != nullptr && call.lowrank->rank > 0) v = _mm512_add_ps(v, lowrank16<T>(call, i, j));
  store16(static_cast<T *>(call.y) + i * a.y_stride + j, lanes, v);
}

// The type of Y where X's, of eight bits, does not say it.
inline void finish16_named(const GemmCall &call, int64_t i, int64_t j, __m512 sums) {
  if (call.args.y_dtype == S24_BF16) return finish16<Bf16>(call, i, j, sums);
  finish16<float>(call, i, j, sums);
}
template <>
inline void finish16<I8>(const GemmCall &call, int64_t i, int64_t j, __m512 sums) {
  finish16_named(call, i, j, sums);
}
template <>
inline void finish16<E4m3>(const GemmCall &call, int64_t i, int64_t j, __m512 sums) {
  finish16_named(call, i, j, sums);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_EPILOGUE_HPP
