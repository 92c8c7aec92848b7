// How decode.hpp reads W in F32 and F16, dense or packed. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_WEIGHTS_HPP
#define SPARSE24_CPU_AVX512_WEIGHTS_HPP

#include "avx512/vector.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

// The cache line `offset` bytes behind a row's start, which may be past W's end: a prefetch never faults. Not
// _mm_prefetch: gcc takes a function that does nothing else for one without effect, and drops its calls.
inline void prefetch_line(const uint8_t *row, int64_t offset) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(row) + static_cast<uintptr_t>(offset);
  __asm__ volatile("prefetcht0 (%0)" : : "r"(address));
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
  void prefetch(const uint8_t *row, int64_t b) const {
    if (b % kBlocksPerLine == 0) prefetch_line(row, b * 16 * static_cast<int64_t>(sizeof(T)));
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
    const __m512 values =
        _mm512_castps256_ps512(eight(reinterpret_cast<const T *>(row + layout.values_offset) + 8 * b));
    return _mm512_mask_expand_ps(_mm512_castsi512_ps(cleared()), kept, values);
  }
  __m512 tail(const uint8_t *row, int64_t b, int64_t) const { return block(row, b); }
  void prefetch(const uint8_t *row, int64_t b) const {
    if (b % kBlocksPerLine != 0) return;
    prefetch_line(row, layout.values_offset + b * 8 * static_cast<int64_t>(sizeof(T)));
    if (b % 32 == 0) prefetch_line(row, 2 * b);
  }

 private:
  static __m256 eight(const float *p) { return _mm256_loadu_ps(p); }
  static __m256 eight(const F16 *p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))); }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_WEIGHTS_HPP
