// Kept values of eight bits as F32 (tiles.hpp), in fewer instructions than AVX-512 alone. Included only by sources with
// VNNI and VBMI flags; internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_FLOATS_VNNI_HPP
#define SPARSE24_CPU_AVX512_FLOATS_VNNI_HPP

#include "avx512/tiles.hpp"

namespace s24::cpu {
namespace {

template <class W>
struct FloatsVnni;

// A product with 1 in the place of one byte and 0 elsewhere is that byte, sign-extended.
template <>
struct FloatsVnni<I8> {
  static void load(const I8 *values, int64_t h, __m512 *w) {
    const __m512i quads = _mm512_load_si512(values + value_index<I8>(2 * h, 0, 0));
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const __m512i one = _mm512_set1_epi32(1 << 8 * i);
      w[i] = _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(_mm512_setzero_si512(), one, quads));
    }
  }
};

// The two bytes of each magnitude's BF16.
struct E4m3Bytes {
  alignas(64) uint8_t low[128], high[128];
};

constexpr E4m3Bytes e4m3_bytes() {
  E4m3Bytes bytes{};
  for (int code = 0; code < 128; code++) {
    bytes.low[code] = static_cast<uint8_t>(kE4m3Codes.bits[code] & 0xff);
    bytes.high[code] = static_cast<uint8_t>(kE4m3Codes.bits[code] >> 8);
  }
  return bytes;
}

constexpr E4m3Bytes kE4m3Bytes = e4m3_bytes();

// The four codes of a lane at a time are looked up, of which the permute takes seven bits.
template <>
struct FloatsVnni<E4m3> {
  static void load(const E4m3 *values, int64_t h, __m512 *w) {
    const __m512i quads = _mm512_load_si512(values + value_index<E4m3>(2 * h, 0, 0));
    const auto look_up = [quads](const uint8_t *table) {
      return _mm512_permutex2var_epi8(_mm512_load_si512(table), quads, _mm512_load_si512(table + 64));
    };
    const __m512i low = look_up(kE4m3Bytes.low);
    const __m512i high = _mm512_ternarylogic_epi32(quads, _mm512_set1_epi8(-128), look_up(kE4m3Bytes.high), kMaskOr);
    halves(_mm512_ternarylogic_epi32(low, _mm512_set1_epi16(0xff), _mm512_slli_epi16(high, 8), kMaskOr),
           _mm512_ternarylogic_epi32(high, _mm512_set1_epi16(-0x100), _mm512_srli_epi16(low, 8), kMaskOr), w);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_FLOATS_VNNI_HPP
