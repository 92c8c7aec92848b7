// What quantize/rows.hpp asks of an instruction set, in AVX-512. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_QUANTIZE_HPP
#define SPARSE24_CPU_AVX512_QUANTIZE_HPP

#include "avx512/vector.hpp"
#include "quantize/rows.hpp"

namespace s24::cpu {
namespace {

// Elements in 32-bit lanes, as from_float has them.
struct ToI8 {
  using Element = I8;
  static __m512i lanes(__m512 v) { return _mm512_cvtps_epi32(v); }
  static __m512i narrow(__m512i a, __m512i b, __m512i c, __m512i d) {
    return _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  }
};

struct ToE4m3 {
  using Element = E4m3;
  // Quotients by the scale round to 448 at most.
  static __m512i lanes(__m512 v) {
    const __m512i bits = _mm512_castps_si512(v), magnitude = _mm512_castps_si512(_mm512_abs_ps(v));
    const __m512 subnormals_grid = _mm512_set1_ps(0x1p14f);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(magnitude, 20), _mm512_set1_epi32(1));
    const __m512i half = _mm512_set1_epi32(0x7ffff - (120 << 23));
    const __m512i normal = _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(magnitude, half), odd), 20);
    const __m512i subnormal = _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(magnitude), subnormals_grid));
    const __mmask16 small = _mm512_cmplt_epi32_mask(magnitude, _mm512_set1_epi32(0x3c800000));
    const __m512i rounded = _mm512_mask_sub_epi32(normal, small, subnormal, _mm512_castps_si512(subnormals_grid));
    const __m512i sign = _mm512_and_si512(_mm512_srli_epi32(bits, 24), _mm512_set1_epi32(0x80));
    return _mm512_or_si512(rounded, sign);
  }
  static __m512i narrow(__m512i a, __m512i b, __m512i c, __m512i d) {
    return _mm512_packus_epi16(_mm512_packus_epi32(a, b), _mm512_packus_epi32(c, d));
  }
};

template <class To>
struct QuantizeAvx512 {
  static void fence() { _mm_sfence(); }

  static float largest(const float *x, int64_t cols) {
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512i most = _mm512_setzero_si512();
    for (int64_t j = 0; j < cols; j += 16) {
      const __m512i v = _mm512_maskz_loadu_epi32(first16(cols - j), x + j);
      most = _mm512_max_epu32(most, _mm512_and_si512(v, magnitude));
    }
    return bits_float(_mm512_reduce_max_epu32(most));
  }

  // Magnitudes of BF16 and F16 rise with their bits.
  template <class X>
  static X largest(const X *x, int64_t cols) {
    const __m512i magnitude = _mm512_set1_epi16(0x7fff);
    __m512i most = _mm512_setzero_si512();
    for (int64_t j = 0; j < cols; j += 32) {
      const __m512i v = _mm512_maskz_loadu_epi16(first32(cols - j), x + j);
      most = _mm512_max_epu16(most, _mm512_and_si512(v, magnitude));
    }
    const __m512i low = _mm512_and_si512(most, _mm512_set1_epi32(0xffff)), high = _mm512_srli_epi32(most, 16);
    return {static_cast<uint16_t>(_mm512_reduce_max_epu32(_mm512_max_epu32(low, high)))};
  }

  template <class X>
  static void divide(typename To::Element *out, const X *x, int64_t cols, float scale, const X *next, bool stream) {
    const __m512 divisor = _mm512_set1_ps(scale);
    // Narrowing goes by 128 bits: of the four vectors' first quarters it makes the first.
    const __m512i quarters = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    int64_t j = 0;
    for (; j + 64 <= cols; j += 64) {
      __m512i lanes[4];
      for (int v = 0; v < 4; v++) lanes[v] = To::lanes(_mm512_div_ps(load16(x + j + 16 * v, 0xffff), divisor));
      for (size_t line = 0; line < sizeof(X); line++) {
        prefetch_line(reinterpret_cast<const uint8_t *>(next + j), static_cast<int64_t>(64 * line));
      }
      const __m512i narrow = To::narrow(lanes[0], lanes[1], lanes[2], lanes[3]);
      store_line(out + j, _mm512_permutexvar_epi32(quarters, narrow), stream);
    }
    for (; j < cols; j += 16) {
      const __mmask16 valid = first16(cols - j);
      const __m512i lanes = To::lanes(_mm512_div_ps(load16(x + j, valid), divisor));
      _mm_mask_storeu_epi8(out + j, valid, _mm512_cvtepi32_epi8(lanes));
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_QUANTIZE_HPP
