// What quantize/rows.hpp asks of an instruction set, in AVX2. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_QUANTIZE_HPP
#define SPARSE24_CPU_AVX2_QUANTIZE_HPP

#include "avx2/vector.hpp"
#include "quantize/rows.hpp"

namespace s24::cpu {
namespace {

// Elements in 32-bit lanes, as from_float has them.
struct ToI8 {
  using Element = I8;
  static __m256i lanes(__m256 v) { return _mm256_cvtps_epi32(v); }
  static __m256i narrow(__m256i a, __m256i b, __m256i c, __m256i d) {
    return _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  }
};

struct ToE4m3 {
  using Element = E4m3;
  // Quotients by the scale round to 448 at most.
  static __m256i lanes(__m256 v) {
    const __m256i bits = _mm256_castps_si256(v), magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
    const __m256 subnormals_grid = _mm256_set1_ps(0x1p14f);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(magnitude, 20), _mm256_set1_epi32(1));
    const __m256i half = _mm256_set1_epi32(0x7ffff - (120 << 23));
    const __m256i normal = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(magnitude, half), odd), 20);
    const __m256 on_grid = _mm256_add_ps(_mm256_castsi256_ps(magnitude), subnormals_grid);
    const __m256i subnormal = _mm256_sub_epi32(_mm256_castps_si256(on_grid), _mm256_castps_si256(subnormals_grid));
    const __m256i small = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x3c800000), magnitude);
    const __m256i sign = _mm256_and_si256(_mm256_srli_epi32(bits, 24), _mm256_set1_epi32(0x80));
    return _mm256_or_si256(_mm256_blendv_epi8(normal, subnormal, small), sign);
  }
  static __m256i narrow(__m256i a, __m256i b, __m256i c, __m256i d) {
    return _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
  }
};

template <class To>
struct QuantizeAvx2 {
  static void fence() { _mm_sfence(); }

  static float largest(const float *x, int64_t cols) {
    __m256i most = _mm256_setzero_si256();
    for (int64_t j = 0; j < cols; j += 8) {
      const __m256i v = _mm256_castps_si256(load8(x + j, cols - j));
      most = _mm256_max_epu32(most, _mm256_and_si256(v, _mm256_set1_epi32(0x7fffffff)));
    }
    return bits_float(largest_lane(most));
  }

  // Magnitudes of BF16 and F16 rise with their bits.
  template <class X>
  static X largest(const X *x, int64_t cols) {
    __m256i most = _mm256_setzero_si256();
    int64_t j = 0;
    for (; j + 16 <= cols; j += 16) most = larger(most, _mm256_loadu_si256(reinterpret_cast<const __m256i *>(x + j)));
    X rest[16] = {};
    for (int64_t i = j; i < cols; i++) rest[i - j] = x[i];
    most = larger(most, _mm256_loadu_si256(reinterpret_cast<const __m256i *>(rest)));
    const __m256i low = _mm256_and_si256(most, _mm256_set1_epi32(0xffff)), high = _mm256_srli_epi32(most, 16);
    return {static_cast<uint16_t>(largest_lane(_mm256_max_epu32(low, high)))};
  }

  template <class X>
  static void divide(typename To::Element *out, const X *x, int64_t cols, float scale, const X *next, bool stream) {
    const __m256 divisor = _mm256_set1_ps(scale);
    // Narrowing goes by 128 bits: of the four vectors' first halves it makes the first.
    const __m256i halves = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int64_t j = 0; j < cols; j += 32) {
      __m256i lanes[4];
      for (int64_t v = 0, at = j; v < 4; v++, at += 8) {
        lanes[v] = at < cols ? To::lanes(_mm256_div_ps(load8(x + at, cols - at), divisor)) : _mm256_setzero_si256();
      }
      for (size_t at = 0; at < sizeof(X) * 32; at += 64) {
        __builtin_prefetch(reinterpret_cast<const uint8_t *>(next + j) + at);
      }
      const __m256i narrow = To::narrow(lanes[0], lanes[1], lanes[2], lanes[3]);
      const __m256i bytes = _mm256_permutevar8x32_epi32(narrow, halves);
      if (cols - j >= 32) {
        store_half_line(out + j, bytes, stream);
      } else {
        std::memcpy(out + j, &bytes, static_cast<size_t>(cols - j));
      }
    }
  }

 private:
  static __m256i larger(__m256i most, __m256i v) {
    return _mm256_max_epu16(most, _mm256_and_si256(v, _mm256_set1_epi16(0x7fff)));
  }
  static uint32_t largest_lane(__m256i v) {
    alignas(32) uint32_t lanes[8];
    _mm256_store_si256(reinterpret_cast<__m256i *>(lanes), v);
    uint32_t most = 0;
    for (uint32_t lane : lanes) most = most < lane ? lane : most;
    return most;
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_QUANTIZE_HPP
