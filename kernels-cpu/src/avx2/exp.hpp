// e^x, eight F32 at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_EXP_HPP
#define SPARSE24_CPU_AVX2_EXP_HPP

#include <initializer_list>

#include "avx2/vector.hpp"

namespace s24::cpu {
namespace {

// As exp16 of AVX-512; 2^n is two factors, so that n may be beyond the exponents of normal numbers.
inline __m256 exp8(__m256 x) {
  const auto set = [](float v) { return _mm256_set1_ps(v); };
  x = _mm256_min_ps(set(104.0f), _mm256_max_ps(set(-104.0f), x));  // a NaN, second operand, stays
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, set(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, set(0.693359375f), x);
  r = _mm256_fnmadd_ps(n, set(-2.12194440e-4f), r);
  __m256 p = set(1.0f / 5040);
  for (float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) p = _mm256_fmadd_ps(p, r, set(c));
  const auto power = [](__m256i exponent) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(exponent, _mm256_set1_epi32(127)), 23));
  };
  const __m256i exponent = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(exponent, 1);
  return _mm256_mul_ps(_mm256_mul_ps(p, power(half)), power(_mm256_sub_epi32(exponent, half)));
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_EXP_HPP
