// Kept values of a group as pairs of BF16, a row a 32-bit lane: the first in its lower half. BF16 lies so; I8 and E4M3
// become it, exactly. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_PAIRS_HPP
#define SPARSE24_CPU_AVX512_PAIRS_HPP

#include "avx512/vector.hpp"
#include "codes.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

constexpr int kMaskOr = 0xea;  // vpternlog: (a & b) | c

inline __m512 pair_half(__m512i pairs, int64_t s) {
  return _mm512_castsi512_ps(s == 0 ? _mm512_slli_epi32(pairs, 16)
                                    : _mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

inline __m512i kept_pairs(const Bf16 *values, int64_t g) {
  return _mm512_load_si512(values + value_index<Bf16>(g, 0, 0));
}

// Byte `at` of each lane, sign-extended, as F32.
inline __m512i byte_float_bits(__m512i quads, int at) {
  const __m512i high = at < 3 ? _mm512_slli_epi32(quads, 24 - 8 * at) : quads;
  return _mm512_castps_si512(_mm512_cvtepi32_ps(_mm512_srai_epi32(high, 24)));
}

// An integer of 8 bits is the upper half of an F32, so cutting is exact.
inline __m512i kept_pairs(const I8 *values, int64_t g) {
  const __m512i quads = _mm512_load_si512(values + value_index<I8>(g / 2 * 2, 0, 0));
  const int at = g % 2 * 2;
  const __m512i first = _mm512_srli_epi32(byte_float_bits(quads, at), 16);
  return _mm512_ternarylogic_epi32(byte_float_bits(quads, at + 1), _mm512_set1_epi32(static_cast<int>(0xffff0000u)),
                                   first, kMaskOr);
}

// A code in the lower byte of each 16-bit lane, the upper byte 0.
inline __m512i e4m3_to_bf16(__m512i codes) {
  // The first 128 are the magnitudes, which a sign is put to.
  const auto magnitudes = [](int at) { return _mm512_load_si512(kE4m3Codes.bits + at); };
  const __m512i low = _mm512_permutex2var_epi16(magnitudes(0), codes, magnitudes(32));
  const __m512i high = _mm512_permutex2var_epi16(magnitudes(64), codes, magnitudes(96));
  const __m512i magnitude = _mm512_mask_mov_epi16(low, _mm512_test_epi16_mask(codes, _mm512_set1_epi16(64)), high);
  const __m512i sign = _mm512_set1_epi16(static_cast<int16_t>(0x8000));
  return _mm512_ternarylogic_epi32(_mm512_slli_epi16(codes, 8), sign, magnitude, kMaskOr);
}

// Sixteen elements as F32, 32 as BF16; lanes outside the mask are 0 and their memory is not touched.
inline __m512 load16(const I8 *p, __mmask16 lanes) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(lanes, p)));
}
inline __m512 load16(const E4m3 *p, __mmask16 lanes) {
  const __m512i codes = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(e4m3_to_bf16(codes), 16));
}

inline __m512i kept_pairs(const E4m3 *values, int64_t g) {
  const __m512i quads = _mm512_load_si512(values + value_index<E4m3>(g / 2 * 2, 0, 0));
  // Bytes 0 and 1, or 2 and 3, of each lane to its bytes 0 and 2; the others 0.
  const __m512i even = _mm512_set4_epi32(static_cast<int>(0x800d800cu), static_cast<int>(0x80098008u),
                                         static_cast<int>(0x80058004u), static_cast<int>(0x80018000u));
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(0x00020002));
  return e4m3_to_bf16(_mm512_shuffle_epi8(quads, g % 2 == 0 ? even : odd));
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_PAIRS_HPP
