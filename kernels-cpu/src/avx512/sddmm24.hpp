// The arithmetic of sddmm24/panels.hpp in 512 bits: lanes are sixteen rows of W, and a vector of sixteen columns of X
// gives each of them what it kept by one permute. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_SDDMM24_HPP
#define SPARSE24_CPU_AVX512_SDDMM24_HPP

#include "avx512/vector.hpp"
#include "sddmm24/panels.hpp"

namespace s24::cpu {
namespace {

// Opaque to the compiler, which would compute an index anew for each step instead of keeping it.
inline __m512i kept_place(__m512i index) {
  __asm__("" : "+v"(index));
  return index;
}

// Lane: multiply_add(sum, dy, x), 32-bit lanes.
template <class Lane>
inline void sum_tile(const uint8_t *dy, const uint8_t *x, int64_t steps, const TileMask &mask, TileSums &sums) {
  // By nibble, the kept columns of a group.
  const __m512i firsts = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0, 0);
  const __m512i seconds = _mm512_setr_epi32(0, 0, 0, 1, 0, 2, 2, 0, 0, 3, 3, 0, 3, 0, 0, 0);
  __m512i nibbles = _mm512_cvtepu16_epi32(_mm256_load_si256(reinterpret_cast<const __m256i *>(mask.rows)));
  __m512i index[kPanelKept];
  __m512 acc[16];
  for (int g = 0; g < 4; g++) {
    const __m512i group = _mm512_set1_epi32(4 * g);
    index[2 * g] = kept_place(_mm512_add_epi32(_mm512_permutexvar_epi32(nibbles, firsts), group));
    index[2 * g + 1] = kept_place(_mm512_add_epi32(_mm512_permutexvar_epi32(nibbles, seconds), group));
    nibbles = _mm512_srli_epi32(nibbles, 4);  // a permute takes four bits of its index
  }
  for (int c = 0; c < 16; c++) acc[c] = _mm512_setzero_ps();
  for (int64_t i = 0; i < steps; i++, dy += kStepBytes, x += kStepBytes) {
    const __m512 d = _mm512_load_ps(dy), columns = _mm512_load_ps(x);
#pragma GCC unroll 8
    for (int c = 0; c < kPanelKept; c++) {
      acc[c] = Lane::multiply_add(acc[c], d, _mm512_permutexvar_ps(index[c], columns));
    }
  }
  transpose16(reinterpret_cast<__m512i *>(acc));
  for (int r = 0; r < 16; r++) _mm256_store_ps(sums.rows[r], _mm512_castps512_ps256(acc[r]));
}

// In F32, whatever the type.
template <class T>
struct SddmmF32 {
  using Element = T;
  static constexpr int64_t kRows = 1;

  static void pack(uint8_t *to, int64_t, int64_t, const T *from, int64_t columns) {
    _mm512_store_ps(to, load16(from, first16(columns)));
  }
  static __m512 multiply_add(__m512 sum, __m512 dy, __m512 x) { return _mm512_fmadd_ps(dy, x, sum); }
  static void sum(const uint8_t *dy, const uint8_t *x, int64_t steps, const TileMask &mask, TileSums &sums) {
    sum_tile<SddmmF32>(dy, x, steps, mask, sums);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_SDDMM24_HPP
