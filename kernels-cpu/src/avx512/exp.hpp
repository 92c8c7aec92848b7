// e^x, sixteen F32 at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_EXP_HPP
#define SPARSE24_CPU_AVX512_EXP_HPP

#include <initializer_list>

#include "avx512/vector.hpp"

namespace s24::cpu {
namespace {

inline __m512 set16(float v) { return _mm512_set1_ps(v); }

// e^x with a relative error of about 1e-7: e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2, e^r by its Taylor
// series.
inline __m512 exp16(__m512 x) {
  x = _mm512_min_ps(set16(104.0f), _mm512_max_ps(set16(-104.0f), x));  // a NaN, second operand, stays
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, set16(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
  __m512 r = _mm512_fnmadd_ps(n, set16(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, set16(-2.12194440e-4f), r);
  __m512 p = set16(1.0f / 5040);
  for (float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) p = _mm512_fmadd_ps(p, r, set16(c));
  return _mm512_scalef_ps(p, n);
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_EXP_HPP
