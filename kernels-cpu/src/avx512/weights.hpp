// How decode.hpp reads W in F32 and F16, dense or packed. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_WEIGHTS_HPP
#define SPARSE24_CPU_AVX512_WEIGHTS_HPP

#include "avx512/vector.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

inline const char *byte_address(const uint8_t *base, int64_t offset) {
  return reinterpret_cast<const char *>(reinterpret_cast<uintptr_t>(base) + static_cast<uintptr_t>(offset));
}

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
  const char *line(const uint8_t *row, int64_t b) const {
    return byte_address(row, b * 16 * static_cast<int64_t>(sizeof(T)));
  }
};

// Eight values spread to the columns that the block's sixteen mask bits name; the layout's padding makes tails whole.
template <class T>
struct PackedSixteens : Sixteens<T> {
  static constexpr int64_t kBlocksPerLine = 8 / sizeof(T);
  RowsLayout layout;

  explicit PackedSixteens(const s24_gemm_args &a) : layout(a.k, sizeof(T)) {}
  int64_t row_bytes() const { return layout.row_bytes; }
  __m512 block(const uint8_t *row, int64_t b) const {
    __mmask16 kept;
    std::memcpy(&kept, row + 2 * b, sizeof kept);
    return _mm512_maskz_expand_ps(
        kept, _mm512_castps256_ps512(eight(reinterpret_cast<const T *>(row + layout.values_offset) + 8 * b)));
  }
  __m512 tail(const uint8_t *row, int64_t b, int64_t) const { return block(row, b); }
  const char *line(const uint8_t *row, int64_t b) const {
    return byte_address(row, layout.values_offset + b * 8 * static_cast<int64_t>(sizeof(T)));
  }

 private:
  static __m256 eight(const float *p) { return _mm256_loadu_ps(p); }
  static __m256 eight(const F16 *p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_WEIGHTS_HPP
