// How decode.hpp reads W in F32 and F16. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_WEIGHTS_HPP
#define SPARSE24_CPU_AVX512_WEIGHTS_HPP

#include "avx512/vector.hpp"

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
};

template <class T>
struct DenseSixteens : Sixteens<T> {
  static constexpr int64_t kBlocksPerLine = 4 / sizeof(T);
  int64_t stride;

  explicit DenseSixteens(const s24_gemm_args &a) : stride(a.w_stride * static_cast<int64_t>(sizeof(T))) {}
  int64_t row_bytes() const { return stride; }
  __m512 block(const uint8_t *row, int64_t b) const {
    return load16(reinterpret_cast<const T *>(row) + b * 16, first16(16));
  }
  __m512 tail(const uint8_t *row, int64_t b, int64_t count) const {
    return load16(reinterpret_cast<const T *>(row) + b * 16, first16(count));
  }
  void prefetch(const uint8_t *row, int64_t b) const {
    if (b % kBlocksPerLine == 0) prefetch_line(row, b * 16 * static_cast<int64_t>(sizeof(T)));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_WEIGHTS_HPP
