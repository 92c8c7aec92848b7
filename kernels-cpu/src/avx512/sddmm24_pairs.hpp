// sddmm24 of BF16 with vdpbf16ps: a lane of a panel is a column in two rows of dY or X. Included only by sources with
// AVX-512 BF16 flags; internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_SDDMM24_PAIRS_HPP
#define SPARSE24_CPU_AVX512_SDDMM24_PAIRS_HPP

#include "avx512/bf16.hpp"
#include "avx512/sddmm24.hpp"

namespace s24::cpu {
namespace {

struct SddmmPairs {
  using Element = Bf16;
  static constexpr int64_t kRows = 2;

  static void pack(uint8_t *to, int64_t rows, int64_t stride, const Bf16 *from, int64_t columns) {
    const __mmask16 lanes = first16(columns);
    const __m512i even = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from));
    const __m512i odd = rows < 2 ? _mm512_setzero_si512() : _mm512_castps_si512(load16(from + stride, lanes));
    _mm512_store_si512(to, _mm512_or_si512(even, odd));
  }
  static __m512 multiply_add(__m512 sum, __m512 dy, __m512 x) {
    return dot_pairs(sum, _mm512_castps_si512(dy), _mm512_castps_si512(x));
  }
  static void sum(const uint8_t *dy, const uint8_t *x, int64_t steps, const TileMask &mask, TileSums &sums) {
    sum_tile<SddmmPairs>(dy, x, steps, mask, sums);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_SDDMM24_PAIRS_HPP
