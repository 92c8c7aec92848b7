// The arithmetic of tiling.hpp in 256 bits, as avx512/tiles.hpp has it in 512: a tile's sixteen rows are the lanes of
// two vectors, X is in F32 with two groups of columns a vector. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_TILES_HPP
#define SPARSE24_CPU_AVX2_TILES_HPP

#include "avx2/vector.hpp"
#include "epilogue.hpp"
#include "tiling.hpp"

namespace s24::cpu {
namespace {

// Kept values s of group g, rows 8 * half and on, as F32.
template <class T>
inline __m256 kept8(const T *values, int64_t g, int64_t s, int half) {
  return load8(values + value_index<T>(g, 8 * half, s));
}
inline __m256 kept8(const Bf16 *values, int64_t g, int64_t s, int half) {
  const __m256i pairs =
      _mm256_load_si256(reinterpret_cast<const __m256i *>(values + value_index<Bf16>(g, 8 * half, 0)));
  return _mm256_castsi256_ps(s == 0 ? _mm256_slli_epi32(pairs, 16)
                                    : _mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
}

template <class T>
struct TilesAvx2 {
  using Weight = T;
  using Element = T;
  static constexpr int kPanel = 4;  // eight sums, and what they need, in sixteen registers
  static constexpr int64_t kXBytes = 128;

  static void pack(uint8_t *to, const T *x, int64_t columns) {
    for (int64_t c = 0; c < kBlockColumns; c += 8) {
      const __m256 v = columns > c ? load8(x + c, columns - c) : _mm256_setzero_ps();
      _mm256_store_ps(reinterpret_cast<float *>(to) + c, v);
    }
  }

  template <int M>
  static void run(const GemmCall &call, const TilePanel &t) {
    constexpr int kSets = 4 / M;  // chains enough to hide a multiplication's latency
    __m256 acc[kSets][M][2];
    for (int s = 0; s < kSets; s++) {
      for (int r = 0; r < M; r++) {
        for (int half = 0; half < 2; half++) {
          const float *from = t.sums + r * kTileRows + 8 * half;
          acc[s][r][half] = t.first || s > 0 ? _mm256_setzero_ps() : _mm256_load_ps(from);
        }
      }
    }
    const uint8_t *w = t.w, *x = t.x;
    for (int64_t b = 0; b < t.blocks; b++, w += t.block_bytes, x += M * kXBytes) {
      if (t.fetch) {
        for (int64_t line = 0; line < t.block_bytes; line += 64) {
          _mm_prefetch(reinterpret_cast<const char *>(w + kTilesPrefetch + line), _MM_HINT_T0);
        }
      }
      add<M, kSets>(acc, w, x);
    }
    for (int r = 0; r < M; r++) {
      alignas(32) float ended[kTileRows];
      float *const to = t.last ? ended : t.sums + r * kTileRows;
      for (int half = 0; half < 2; half++) {
        __m256 sum = acc[0][r][half];
        for (int s = 1; s < kSets; s++) sum = _mm256_add_ps(sum, acc[s][r][half]);
        _mm256_store_ps(to + 8 * half, sum);
      }
      if (!t.last) continue;
      const int64_t rows = call.args.n - t.j < kTileRows ? call.args.n - t.j : kTileRows;
      for (int64_t j = 0; j < rows; j++) finish<T>(call, t.i + r, t.j + j, ended[j]);
    }
  }

 private:
  template <int M, int S>
  static void add(__m256 (*acc)[M][2], const uint8_t *block, const uint8_t *x) {
    const __m256i places[2] = {_mm256_load_si256(reinterpret_cast<const __m256i *>(block)),
                               _mm256_load_si256(reinterpret_cast<const __m256i *>(block + 32))};
    const T *values = reinterpret_cast<const T *>(block + kPlacesBytes);
#pragma GCC unroll 8
    for (int g = 0; g < kBlockGroups; g++) {
#pragma GCC unroll 2
      for (int s = 0; s < 2; s++) {
        __m256i index[2];
        __m256 kept[2];
        for (int half = 0; half < 2; half++) {
          // A lane of the vector: the place in bits 1..0, above them which of the vector's two groups.
          const __m256i place = _mm256_and_si256(_mm256_srli_epi32(places[half], 2 * g + 16 * s), _mm256_set1_epi32(3));
          index[half] = _mm256_or_si256(place, _mm256_set1_epi32(g % 2 * 4));
          kept[half] = kept8(values, g, s, half);
        }
        for (int r = 0; r < M; r++) {
          const __m256 columns = _mm256_load_ps(reinterpret_cast<const float *>(x + r * kXBytes) + g / 2 * 8);
          for (int half = 0; half < 2; half++) {
            __m256 &sum = acc[(2 * g + s) % S][r][half];
            sum = _mm256_fmadd_ps(kept[half], _mm256_permutevar8x32_ps(columns, index[half]), sum);
          }
        }
      }
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_TILES_HPP
