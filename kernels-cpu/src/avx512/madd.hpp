// I8 with I8 where there is no VNNI: both as 16 bits, and vpmaddwd sums the two products of a 32-bit lane. Internal
// linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_MADD_HPP
#define SPARSE24_CPU_AVX512_MADD_HPP

#include "avx512/dense_panel.hpp"
#include "avx512/tiles.hpp"
#include "avx512/weights.hpp"

namespace s24::cpu {
namespace {

// avx512/tiles.hpp: the two kept values of a group a lane. A column of X stands in both halves of a lane, so that it
// can be picked for either value.
struct StepsMadd {
  using Weight = I8;
  using Element = I8;
  static constexpr int64_t kXBytes = 128;
  static constexpr int kOffsets = 0;

  static void pack(uint8_t *to, const I8 *x, int64_t columns) {
    for (int64_t c = 0; c < kBlockColumns; c += 16) {
      const __mmask16 lanes = columns > c ? first16(columns - c) : __mmask16{0};
      const __m512i words = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(lanes, x + c));
      _mm512_store_si512(to + 4 * c, _mm512_mask_blend_epi16(kUpper, words, _mm512_slli_epi32(words, 16)));
    }
  }

  template <int M, int S>
  static void add(__m512 (*acc)[M], const uint8_t *block, const uint8_t *x) {
    const __m512i places = _mm512_load_si512(block);
    // Bytes 0 and 1, or 2 and 3, of each lane into the upper bytes of its halves.
    const __m512i even = _mm512_set4_epi32(0x0d800c80, 0x09800880, 0x05800480, 0x01800080);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(0x02000200));
#pragma GCC unroll 8
    for (int g = 0; g < kBlockGroups; g++) {
      const auto index_of = [&](int s) {
        const __m512i place = _mm512_srli_epi32(places, 2 * g + 16 * s);
        return kept_index(
            _mm512_ternarylogic_epi32(place, _mm512_set1_epi32(3), _mm512_set1_epi32(g % 4 * 4), kMaskOr));
      };
      const __m512i first = index_of(0), second = index_of(1);
      const __m512i quads = _mm512_load_si512(block + kPlacesBytes + 64 * (g / 2));
      const __m512i w = _mm512_srai_epi16(_mm512_shuffle_epi8(quads, g % 2 == 0 ? even : odd), 8);
      for (int r = 0; r < M; r++) {
        const __m512i columns = _mm512_load_si512(x + r * kXBytes + g / 4 * 64);
        const __m512i picked = _mm512_mask_blend_epi16(kUpper, _mm512_permutexvar_epi32(first, columns),
                                                       _mm512_permutexvar_epi32(second, columns));
        acc[g % S][r] = dot_words(acc[g % S][r], picked, w);
      }
    }
  }

  static __m512 plus(__m512 a, __m512 b) {
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
  }
  static __m512 corrected(__m512 sum, __m512) { return sum; }
  static __m512 result(__m512 sum) { return _mm512_cvtepi32_ps(_mm512_castps_si512(sum)); }

 private:
  static constexpr __mmask32 kUpper = 0xaaaaaaaa;  // halves of lanes
};

// dense_panel.hpp: a unit is a pair of columns.
struct PackWords : PackUnits<Avx512Panel> {
  using Element = I8;
  static constexpr int kColumns = 32;
  static __m512i load(const I8 *p, int64_t columns) { return load32_words(p, first32(columns)); }
};

struct DenseMadd : PanelSumsI32 {
  using Pack = PackWords;
  using Element = I8;
  using Weight = I8;
  static constexpr int kColumns = 2;

  static __m512 spread(const I8 *w, int64_t count) {
    const int second = count >= 2 ? w[1].value : 0;
    return _mm512_castsi512_ps(_mm512_set1_epi32((w[0].value & 0xffff) | second * 0x10000));
  }
  static __m512 multiply_add(__m512 sum, __m512 w, __m512 x) {
    return dot_words(sum, _mm512_castps_si512(w), _mm512_castps_si512(x));
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_MADD_HPP
