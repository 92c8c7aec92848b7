// How decode.hpp reads W where sums are in F32 of F32, and I8 with I8. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_WEIGHTS_HPP
#define SPARSE24_CPU_AVX512_WEIGHTS_HPP

#include "avx512/pairs.hpp"

namespace s24::cpu {
namespace {

// Sixteen columns at a time, in F32.
template <class T>
struct Sixteens {
  using Element = T;
  using Vector = __m512;
  static constexpr int kBlock = 16;

  static Vector x(const T *p) { return load16(p, first16(16)); }
  static Vector x_tail(const T *p, int64_t count) { return load16(p, first16(count)); }
  static __m512 multiply_add(__m512 sum, Vector w, Vector x) { return _mm512_fmadd_ps(w, x, sum); }
  static float total(__m512 sum) { return _mm512_reduce_add_ps(sum); }
};

template <class W, class X>
struct DenseSixteens : Sixteens<X> {
  static constexpr int64_t kBlocksPerLine = 4 / sizeof(W);
  int64_t stride;

  explicit DenseSixteens(const s24_gemm_args &a) : stride(a.w_stride * static_cast<int64_t>(sizeof(W))) {}
  int64_t row_bytes() const { return stride; }
  __m512 block(const uint8_t *row, int64_t b) const {
    return load16(reinterpret_cast<const W *>(row) + b * 16, first16(16));
  }
  __m512 tail(const uint8_t *row, int64_t b, int64_t count) const {
    return load16(reinterpret_cast<const W *>(row) + b * 16, first16(count));
  }
  void prefetch(const uint8_t *row, int64_t b) const {
    if (b % kBlocksPerLine == 0) prefetch_line(row, b * 16 * static_cast<int64_t>(sizeof(W)));
  }
};

inline __m512 dot_words(__m512 sum, __m512i a, __m512i b) {
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(sum), _mm512_madd_epi16(a, b)));
}

inline __m512i load32_words(const I8 *p, __mmask32 lanes) {
  return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(lanes, p));
}

// I8 with I8 as 16 bits, 32 columns at a time, sums in I32.
struct DenseWords {
  using Element = I8;
  using Vector = __m512i;
  static constexpr int kBlock = 32;
  int64_t stride;

  explicit DenseWords(const s24_gemm_args &a) : stride(a.w_stride) {}
  int64_t row_bytes() const { return stride; }
  static Vector x(const I8 *p) { return load32_words(p, first32(32)); }
  static Vector x_tail(const I8 *p, int64_t count) { return load32_words(p, first32(count)); }
  Vector block(const uint8_t *row, int64_t b) const { return x(reinterpret_cast<const I8 *>(row) + 32 * b); }
  Vector tail(const uint8_t *row, int64_t b, int64_t count) const {
    return x_tail(reinterpret_cast<const I8 *>(row) + 32 * b, count);
  }
  void prefetch(const uint8_t *row, int64_t b) const {
    if (b % 2 == 0) prefetch_line(row, 32 * b);
  }
  static __m512 multiply_add(__m512 sum, Vector w, Vector x) { return dot_words(sum, w, x); }
  static float total(__m512 sum) { return static_cast<float>(_mm512_reduce_add_epi32(_mm512_castps_si512(sum))); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_WEIGHTS_HPP
