// What transpose/block.hpp asks of an instruction set, in AVX2: eight rows of 32 bytes, or of eight elements of 16
// bits, or sixteen of 8 bits. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_SQUARE_HPP
#define SPARSE24_CPU_AVX2_SQUARE_HPP

#include "avx2/vector.hpp"

namespace s24::cpu {
namespace {

struct Avx2Square {
  template <class T>
  static constexpr int64_t kSide = sizeof(T) == 1 ? 16 : 8;

  static void transpose(const float *x, int64_t x_stride, float *out, int64_t out_stride) {
    __m256i rows[8];
    for (int i = 0; i < 8; i++) rows[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(x + i * x_stride));
    transpose8(rows);
    for (int i = 0; i < 8; i++) store_half_line(out + i * out_stride, rows[i], false);
  }

  // Elements of less than 32 bits: each round interleaves rows i and i + kSide / 2, which after all rounds leaves the
  // columns in their order.
  template <class T>
  static void transpose(const T *x, int64_t x_stride, T *out, int64_t out_stride) {
    constexpr int kRows = kSide<T>, kRounds = sizeof(T) == 1 ? 4 : 3;
    __m128i rows[kRows], next[kRows];
    for (int i = 0; i < kRows; i++) rows[i] = _mm_loadu_si128(reinterpret_cast<const __m128i *>(x + i * x_stride));
    for (int round = 0; round < kRounds; round++) {
      for (int i = 0; i < kRows / 2; i++) {
        next[2 * i] = low<T>(rows[i], rows[kRows / 2 + i]);
        next[2 * i + 1] = high<T>(rows[i], rows[kRows / 2 + i]);
      }
      for (int i = 0; i < kRows; i++) rows[i] = next[i];
    }
    for (int i = 0; i < kRows; i++) _mm_storeu_si128(reinterpret_cast<__m128i *>(out + i * out_stride), rows[i]);
  }

 private:
  template <class T>
  static __m128i low(__m128i a, __m128i b) {
    return sizeof(T) == 1 ? _mm_unpacklo_epi8(a, b) : _mm_unpacklo_epi16(a, b);
  }
  template <class T>
  static __m128i high(__m128i a, __m128i b) {
    return sizeof(T) == 1 ? _mm_unpackhi_epi8(a, b) : _mm_unpackhi_epi16(a, b);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_SQUARE_HPP
