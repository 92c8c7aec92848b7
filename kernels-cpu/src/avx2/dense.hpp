// The products of dense_rows.hpp in 256 bits: twelve sums, and what they need, in sixteen registers.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_DENSE_HPP
#define SPARSE24_CPU_AVX2_DENSE_HPP

#include "avx2/vector.hpp"
#include "dense_rows.hpp"

namespace s24::cpu {
namespace {

template <class W, class X>
struct ProductsF32 {
  using Weight = W;
  using Element = X;
  using Sum = __m256;
  static constexpr int kRowsW = 4, kRowsX = 3;
  static constexpr int64_t kColumns = 8;

  template <class T>
  static __m256 load(const T *p) {
    return load8(p);
  }
  template <class T>
  static __m256 load(const T *p, int64_t count) {
    return load8(p, count);
  }
  static Sum multiply_add(Sum sum, __m256 w, __m256 x) { return _mm256_fmadd_ps(w, x, sum); }
  static Sum plus(Sum a, Sum b) { return _mm256_add_ps(a, b); }
  static float total(Sum sum) { return sum8(sum); }
};

// I8 with I8, as 16 bits.
struct ProductsI32 {
  using Weight = I8;
  using Element = I8;
  using Sum = __m256i;
  static constexpr int kRowsW = 4, kRowsX = 3;
  static constexpr int64_t kColumns = 16;

  static __m256i load(const I8 *p) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)));
  }
  static __m256i load(const I8 *p, int64_t count) {
    I8 whole[16] = {};
    for (int64_t i = 0; i < count; i++) whole[i] = p[i];
    return load(whole);
  }
  static Sum multiply_add(Sum sum, __m256i w, __m256i x) { return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x)); }
  static Sum plus(Sum a, Sum b) { return _mm256_add_epi32(a, b); }
  static float total(Sum sum) {
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return static_cast<float>(_mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1))));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_DENSE_HPP
