// Vectors of eight: loads of the element types as F32, a transpose. Included only by sources with AVX2 flags; internal
// linkage, see dtype.hpp.
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

// Byte `at` of each 32-bit lane as F32.
inline __m256 byte8(I8, __m256i quads, int at) {
  return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(quads, 24 - 8 * at), 24));
}
inline __m256 byte8(E4m3, __m256i quads, int at) {
  const __m256i code = _mm256_slli_epi32(quads, 24 - 8 * at);  // in the highest byte
  const __m256i magnitude = _mm256_and_si256(_mm256_srli_epi32(code, 24), _mm256_set1_epi32(0x7f));
  const __m256i normal = _mm256_add_epi32(_mm256_slli_epi32(magnitude, 20), _mm256_set1_epi32(120 << 23));
  const __m256 subnormal = _mm256_mul_ps(_mm256_cvtepi32_ps(magnitude), _mm256_set1_ps(0x1p-9f));
  const __m256i small = _mm256_cmpgt_epi32(_mm256_set1_epi32(8), magnitude);
  const __m256 value = _mm256_blendv_ps(_mm256_castsi256_ps(normal), subnormal, _mm256_castsi256_ps(small));
  const __m256i nan = _mm256_cmpeq_epi32(magnitude, _mm256_set1_epi32(0x7f));
  const __m256i sign = _mm256_and_si256(code, _mm256_set1_epi32(INT32_MIN));
  return _mm256_or_ps(value, _mm256_castsi256_ps(_mm256_or_si256(sign, nan)));
}

inline __m256i load8_bytes(const void *p) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i *>(p)));
}
inline __m256 load8(const I8 *p) { return byte8(*p, load8_bytes(p), 0); }
inline __m256 load8(const E4m3 *p) { return byte8(*p, load8_bytes(p), 0); }

// The first `count` of eight, the rest 0 and not touched.
template <class T>
inline __m256 load8(const T *p, int64_t count) {
  if (count >= 8) return load8(p);
  T whole[8] = {};
  for (int64_t i = 0; i < count; i++) whole[i] = p[i];
  return load8(whole);
}

inline __m256i load8_i32(const I8 *p, int64_t count) {
  I8 whole[8] = {};
  for (int64_t i = 0; i < count && i < 8; i++) whole[i] = p[i];
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(whole)));
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

// rows[i] lane j <-> rows[j] lane i, of 32-bit lanes.
inline void transpose8(__m256i *rows) {
  __m256i a[8];
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
    a[i + 1] = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {  // rows[i + c]: column c of each 4x4 block
    rows[i] = _mm256_unpacklo_epi64(a[i], a[i + 2]);
    rows[i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 2]);
    rows[i + 2] = _mm256_unpacklo_epi64(a[i + 1], a[i + 3]);
    rows[i + 3] = _mm256_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  for (int c = 0; c < 4; c++) {
    const __m256i low = rows[c], high = rows[4 + c];
    rows[c] = _mm256_permute2x128_si256(low, high, 0x20);
    rows[4 + c] = _mm256_permute2x128_si256(low, high, 0x31);
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_VECTOR_HPP
