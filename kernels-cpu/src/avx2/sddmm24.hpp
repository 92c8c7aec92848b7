// The arithmetic of sddmm24/panels.hpp in 256 bits, F32 whatever the type: lanes are eight rows of W, and a vector of
// eight columns of X gives each of them what it kept by one permute. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_SDDMM24_HPP
#define SPARSE24_CPU_AVX2_SDDMM24_HPP

#include "avx2/vector.hpp"
#include "sddmm24/panels.hpp"

namespace s24::cpu {
namespace {

template <class T>
struct SddmmAvx2 {
  using Element = T;
  static constexpr int64_t kRows = 1;

  static void pack(uint8_t *to, int64_t, int64_t, const T *from, int64_t columns) {
    float *lanes = reinterpret_cast<float *>(to);
    _mm256_store_ps(lanes, load8(from, columns));
    _mm256_store_ps(lanes + 8, columns > 8 ? load8(from + 8, columns - 8) : _mm256_setzero_ps());
  }

  static void sum(const uint8_t *dy, const uint8_t *x, int64_t steps, const TileMask &mask, TileSums &sums) {
    for (int r = 0; r < 16; r += 8) {
      for (int l = 0; l < 16; l += 8) {
        const __m128i masks = _mm_load_si128(reinterpret_cast<const __m128i *>(mask.rows + r));
        sum_quarter(reinterpret_cast<const float *>(dy) + r, reinterpret_cast<const float *>(x) + l, steps,
                    _mm256_cvtepu16_epi32(_mm_srl_epi16(masks, _mm_cvtsi32_si128(l))), &sums.rows[r][l / 2]);
      }
    }
  }

 private:
  static constexpr int kKeptColumns = 4;  // of eight

  // Eight rows by eight columns: their masks in the low byte of each lane.
  static void sum_quarter(const float *dy, const float *x, int64_t steps, __m256i masks, float *sums) {
    // By nibble, the kept columns of a group.
    const __m256i firsts = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0, 0));
    const __m256i seconds = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 1, 0, 2, 2, 0, 0, 3, 3, 0, 3, 0, 0, 0));
    __m256i index[kKeptColumns];
    for (int g = 0; g < 2; g++) {
      const __m256i nibbles = _mm256_and_si256(_mm256_srli_epi32(masks, 4 * g), _mm256_set1_epi32(15));
      const __m256i group = _mm256_set1_epi32(4 * g);
      // The bytes above a nibble look up column 0, and a permute takes three bits of its index.
      index[2 * g] = _mm256_or_si256(_mm256_shuffle_epi8(firsts, nibbles), group);
      index[2 * g + 1] = _mm256_or_si256(_mm256_shuffle_epi8(seconds, nibbles), group);
    }
    __m256 acc[2][kKeptColumns];  // of even and odd steps: chains enough to hide a multiplication's latency
    for (int c = 0; c < kKeptColumns; c++) acc[0][c] = acc[1][c] = _mm256_setzero_ps();
    const auto add = [&](int64_t i, __m256 *to) {
      const __m256 d = _mm256_load_ps(dy + i * kPanelColumns), columns = _mm256_load_ps(x + i * kPanelColumns);
      for (int c = 0; c < kKeptColumns; c++) {
        to[c] = _mm256_fmadd_ps(d, _mm256_permutevar8x32_ps(columns, index[c]), to[c]);
      }
    };
    int64_t i = 0;
    for (; i + 2 <= steps; i += 2) {
      add(i, acc[0]);
      add(i + 1, acc[1]);
    }
    if (i < steps) add(i, acc[0]);
    for (int c = 0; c < kKeptColumns; c++) acc[0][c] = _mm256_add_ps(acc[0][c], acc[1][c]);
    store_rows(acc[0], sums);
  }

  // Lane r of vector c to column c of row r.
  static void store_rows(const __m256 *v, float *sums) {
    const __m256 low01 = _mm256_unpacklo_ps(v[0], v[1]), low23 = _mm256_unpacklo_ps(v[2], v[3]);
    const __m256 high01 = _mm256_unpackhi_ps(v[0], v[1]), high23 = _mm256_unpackhi_ps(v[2], v[3]);
    const __m256 rows[4] = {_mm256_shuffle_ps(low01, low23, 0x44), _mm256_shuffle_ps(low01, low23, 0xee),
                            _mm256_shuffle_ps(high01, high23, 0x44), _mm256_shuffle_ps(high01, high23, 0xee)};
    for (int r = 0; r < 4; r++) {
      _mm_store_ps(sums + r * kPanelKept, _mm256_castps256_ps128(rows[r]));
      _mm_store_ps(sums + (r + 4) * kPanelKept, _mm256_extractf128_ps(rows[r], 1));
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_SDDMM24_HPP
