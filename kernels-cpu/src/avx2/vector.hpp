// Vectors of eight: loads of the element types as F32. Included only by sources with AVX2 flags; internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_VECTOR_HPP
#define SPARSE24_CPU_AVX2_VECTOR_HPP

#include <immintrin.h>

#include <cstdint>

#include "dtype.hpp"

namespace s24::cpu {
namespace {

inline __m256 load8(const float *p) { return _mm256_loadu_ps(p); }
inline __m256 load8(const Bf16 *p) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
inline __m256 load8(const F16 *p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))); }

// The first `count` of eight, the rest 0 and not touched.
template <class T>
inline __m256 load8(const T *p, int64_t count) {
  if (count >= 8) return load8(p);
  T whole[8] = {};
  for (int64_t i = 0; i < count; i++) whole[i] = p[i];
  return load8(whole);
}

// 32 bytes; past the caches where `stream` says so, then aligned to 32, and _mm_sfence() before another thread reads.
inline void store_half_line(void *p, __m256i v, bool stream) {
  if (stream) {
    _mm256_stream_si256(static_cast<__m256i *>(p), v);
  } else {
    _mm256_storeu_si256(static_cast<__m256i *>(p), v);
  }
}

inline float sum8(__m256 v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_VECTOR_HPP
