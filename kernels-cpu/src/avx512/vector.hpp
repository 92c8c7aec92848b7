// Vectors of sixteen: loads and stores of the element types, arithmetic on them, transposes. Included only by sources
// with AVX-512 flags; internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_VECTOR_HPP
#define SPARSE24_CPU_AVX512_VECTOR_HPP

#include <immintrin.h>

#include <cstdint>

#include "dtype.hpp"
#include "prefetch.hpp"

namespace s24::cpu {
namespace {

// The lowest `count` of sixteen, 32 or 64 lanes; all for more.
inline __mmask16 first16(int64_t count) {
  return count >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << count) - 1);
}
inline __mmask32 first32(int64_t count) { return count >= 32 ? ~__mmask32{0} : (__mmask32{1} << count) - 1; }
inline __mmask64 first64(int64_t count) { return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1; }

// Lanes outside the mask are 0 and their memory is not touched.
inline __m512 load16(const float *p, __mmask16 lanes) { return _mm512_maskz_loadu_ps(lanes, p); }
inline __m512 load16(const Bf16 *p, __mmask16 lanes) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p)), 16));
}
inline __m512 load16(const F16 *p, __mmask16 lanes) { return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, p)); }

// Rounds to nearest even.
inline void store16(float *p, __mmask16 lanes, __m512 v) { _mm512_mask_storeu_ps(p, lanes, v); }
inline void store16(Bf16 *p, __mmask16 lanes, __m512 v) {
  const __m512i bits = _mm512_castps_si512(v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  const __m512i kept = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
  _mm256_mask_storeu_epi16(p, lanes, _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16)));
}
inline void store16(F16 *p, __mmask16 lanes, __m512 v) {
  _mm256_mask_storeu_epi16(p, lanes, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

// 64 bytes, or 32; past the caches where `stream` says so, then aligned to as many, and _mm_sfence() before another
// thread reads.
inline void store_line(void *p, __m512i v, bool stream) {
  if (stream) {
    _mm512_stream_si512(static_cast<__m512i *>(p), v);
  } else {
    _mm512_storeu_si512(p, v);
  }
}

inline void store_half_line(void *p, __m256i v, bool stream) {
  if (stream) {
    _mm256_stream_si256(static_cast<__m256i *>(p), v);
  } else {
    _mm256_storeu_si256(static_cast<__m256i *>(p), v);
  }
}

// rows[i] lane j <-> rows[j] lane i, of 32-bit lanes.
inline void transpose16(__m512i *rows) {
  __m512i a[16];
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {  // rows[i + c]: column c of each 4x4 block in rows i..i+3
    rows[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  for (int c = 0; c < 4; c++) {  // 128-bit blocks: 0x88 takes the even ones of both, 0xdd the odd
    a[c] = _mm512_shuffle_i32x4(rows[c], rows[4 + c], 0x88);
    a[4 + c] = _mm512_shuffle_i32x4(rows[c], rows[4 + c], 0xdd);
    a[8 + c] = _mm512_shuffle_i32x4(rows[8 + c], rows[12 + c], 0x88);
    a[12 + c] = _mm512_shuffle_i32x4(rows[8 + c], rows[12 + c], 0xdd);
  }
  for (int c = 0; c < 4; c++) {
    rows[c] = _mm512_shuffle_i32x4(a[c], a[8 + c], 0x88);
    rows[4 + c] = _mm512_shuffle_i32x4(a[4 + c], a[12 + c], 0x88);
    rows[8 + c] = _mm512_shuffle_i32x4(a[c], a[8 + c], 0xdd);
    rows[12 + c] = _mm512_shuffle_i32x4(a[4 + c], a[12 + c], 0xdd);
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_VECTOR_HPP
