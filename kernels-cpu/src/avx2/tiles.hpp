// The arithmetic of tiling.hpp in 256 bits, as avx512/tiles.hpp has it in 512: a tile's sixteen rows are the lanes of
// two vectors, X is in F32 with two groups of columns a vector. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_TILES_HPP
#define SPARSE24_CPU_AVX2_TILES_HPP

#include "avx2/finish.hpp"
#include "tiling.hpp"

namespace s24::cpu {
namespace {

// Kept values s of group g, rows 8 * half and on, as F32.
template <class W>
inline __m256 kept8(const W *values, int64_t g, int64_t s, int half) {
  if constexpr (sizeof(W) == 1) {
    const __m256i *quads = reinterpret_cast<const __m256i *>(values + value_index<W>(g / 2 * 2, 8 * half, 0));
    return byte8(W{}, _mm256_load_si256(quads), static_cast<int>(g % 2 * 2 + s));
  } else {
    return load8(values + value_index<W>(g, 8 * half, s));
  }
}
inline __m256 kept8(const Bf16 *values, int64_t g, int64_t s, int half) {
  const __m256i pairs =
      _mm256_load_si256(reinterpret_cast<const __m256i *>(values + value_index<Bf16>(g, 8 * half, 0)));
  return _mm256_castsi256_ps(s == 0 ? _mm256_slli_epi32(pairs, 16)
                                    : _mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
}

// Steps: Weight, Element, pack, and
//   add<M, S>(sums, block of W, block of X)   into S sums of each of M rows, in turn
//   plus(sum, sum), result(sum)               what the sums are: F32 or I32
template <class Steps>
struct TilesAvx2 {
  using Weight = typename Steps::Weight;
  using Element = typename Steps::Element;
  static constexpr int kPanel = 4;  // eight sums, and what they need, in sixteen registers
  static constexpr int64_t kXBytes = 128;

  static void pack(uint8_t *to, const Element *x, int64_t columns) {
    for (int64_t c = 0; c < kBlockColumns; c += 8) {
      const __m256 v = columns > c ? Steps::pack8(x + c, columns - c) : _mm256_setzero_ps();
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
          __builtin_prefetch(ahead(w, kTilesPrefetch + line));
          __builtin_prefetch(ahead(w, kTilesPrefetchL2 + line), 0, 2);
        }
      }
      Steps::template add<M, kSets>(acc, w, x);
    }
    for (int r = 0; r < M; r++) {
      for (int half = 0; half < 2; half++) {
        __m256 sum = acc[0][r][half];
        for (int s = 1; s < kSets; s++) sum = Steps::plus(sum, acc[s][r][half]);
        if (t.last) {
          finish8<Element>(call, t.i + r, t.j + 8 * half, Steps::result(sum));
        } else {
          _mm256_store_ps(t.sums + r * kTileRows + 8 * half, sum);
        }
      }
    }
  }
};

// A lane of the vector: the place in bits 1..0, above them which of the vector's two groups.
inline __m256i index8(__m256i places, int g, int s) {
  const __m256i place = _mm256_and_si256(_mm256_srli_epi32(places, 2 * g + 16 * s), _mm256_set1_epi32(3));
  return _mm256_or_si256(place, _mm256_set1_epi32(g % 2 * 4));
}

inline __m256i places8(const uint8_t *block, int half) {
  return _mm256_load_si256(reinterpret_cast<const __m256i *>(block + 32 * half));
}

// A kept value a lane, X in F32.
template <class W, class X>
struct StepsF32Avx2 {
  using Weight = W;
  using Element = X;

  static __m256 pack8(const X *x, int64_t columns) { return load8(x, columns); }

  template <int M, int S>
  static void add(__m256 (*acc)[M][2], const uint8_t *block, const uint8_t *x) {
    const __m256i places[2] = {places8(block, 0), places8(block, 1)};
    const W *values = reinterpret_cast<const W *>(block + kPlacesBytes);
#pragma GCC unroll 8
    for (int g = 0; g < kBlockGroups; g++) {
#pragma GCC unroll 2
      for (int s = 0; s < 2; s++) {
        const __m256i index[2] = {index8(places[0], g, s), index8(places[1], g, s)};
        const __m256 kept[2] = {kept8(values, g, s, 0), kept8(values, g, s, 1)};
        for (int r = 0; r < M; r++) {
          const __m256 columns = _mm256_load_ps(reinterpret_cast<const float *>(x + r * 128) + g / 2 * 8);
          for (int half = 0; half < 2; half++) {
            __m256 &sum = acc[(2 * g + s) % S][r][half];
            sum = _mm256_fmadd_ps(kept[half], _mm256_permutevar8x32_ps(columns, index[half]), sum);
          }
        }
      }
    }
  }

  static __m256 plus(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
  static __m256 result(__m256 sum) { return sum; }
};

// I8 with I8 as 16 bits: vpmaddwd sums the two products of a lane. A column of X stands in both halves of a lane, so
// that it can be picked for either value.
struct StepsMaddAvx2 {
  using Weight = I8;
  using Element = I8;

  static __m256 pack8(const I8 *x, int64_t columns) {
    const __m256i words = load8_i32(x, columns);
    return _mm256_castsi256_ps(_mm256_blend_epi16(words, _mm256_slli_epi32(words, 16), kUpper));
  }

  template <int M, int S>
  static void add(__m256 (*acc)[M][2], const uint8_t *block, const uint8_t *x) {
    const __m256i places[2] = {places8(block, 0), places8(block, 1)};
    // Bytes 0 and 1, or 2 and 3, of each lane into the upper bytes of its halves.
    const __m256i even = _mm256_broadcastsi128_si256(_mm_set_epi32(0x0d800c80, 0x09800880, 0x05800480, 0x01800080));
    const __m256i odd = _mm256_add_epi32(even, _mm256_set1_epi32(0x02000200));
#pragma GCC unroll 8
    for (int g = 0; g < kBlockGroups; g++) {
#pragma GCC unroll 2
      for (int half = 0; half < 2; half++) {
        const __m256i first = index8(places[half], g, 0), second = index8(places[half], g, 1);
        const __m256i quads =
            _mm256_load_si256(reinterpret_cast<const __m256i *>(block + kPlacesBytes + 64 * (g / 2) + 32 * half));
        const __m256i w = _mm256_srai_epi16(_mm256_shuffle_epi8(quads, g % 2 == 0 ? even : odd), 8);
        for (int r = 0; r < M; r++) {
          const __m256i columns = _mm256_load_si256(reinterpret_cast<const __m256i *>(x + r * 128) + g / 2);
          const __m256i picked = _mm256_blend_epi16(_mm256_permutevar8x32_epi32(columns, first),
                                                    _mm256_permutevar8x32_epi32(columns, second), kUpper);
          __m256 &sum = acc[g % S][r][half];
          sum = plus(sum, _mm256_castsi256_ps(_mm256_madd_epi16(picked, w)));
        }
      }
    }
  }

  static __m256 plus(__m256 a, __m256 b) {
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
  }
  static __m256 result(__m256 sum) { return _mm256_cvtepi32_ps(_mm256_castps_si256(sum)); }

 private:
  static constexpr int kUpper = 0xaa;  // halves of lanes
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_TILES_HPP
