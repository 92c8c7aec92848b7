// The arithmetic of tiling.hpp in 512 bits: the sixteen lanes of a sum are the sixteen rows of a tile. A vector of kept
// values is multiplied with what one permute, its index the places, picks from a block of a row of X: half the
// multiplications of the dense product, no load but of X and W as they lie, no reduction at the end.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_TILES_HPP
#define SPARSE24_CPU_AVX512_TILES_HPP

#include "avx512/epilogue.hpp"
#include "tiling.hpp"

namespace s24::cpu {
namespace {

// Steps: Element, and add<M, S>(sums, block of W, block of X): into S sums of each of M rows, in turn.
template <class Steps>
struct TilesAvx512 {
  using Element = typename Steps::Element;
  static constexpr int kPanel = 16;
  static constexpr int64_t kXBytes = Steps::kXBytes;

  static void pack(uint8_t *to, const Element *x, int64_t columns) { Steps::pack(to, x, columns); }

  template <int M>
  static void run(const GemmCall &call, const TilePanel &t) {
    constexpr int kSets = M <= 2 ? 4 : M <= 4 ? 2 : 1;  // chains enough to hide a multiplication's latency
    __m512 acc[kSets][M];
    for (int s = 0; s < kSets; s++) {
      for (int r = 0; r < M; r++) {
        acc[s][r] = t.first || s > 0 ? _mm512_setzero_ps() : _mm512_load_ps(t.sums + r * kTileRows);
      }
    }
    const uint8_t *w = t.w, *x = t.x;
    for (int64_t b = 0; b < t.blocks; b++, w += t.block_bytes, x += M * kXBytes) {
      if (t.fetch) {
        for (int64_t line = 0; line < t.block_bytes; line += 64) prefetch_line(w, kTilesPrefetch + line);
      }
      Steps::template add<M, kSets>(acc, w, x);
    }
    for (int r = 0; r < M; r++) {
      __m512 sum = acc[0][r];
      for (int s = 1; s < kSets; s++) sum = _mm512_add_ps(sum, acc[s][r]);
      if (t.last) {
        finish16<Element>(call, t.i + r, t.j, sum);
      } else {
        _mm512_store_ps(t.sums + r * kTileRows, sum);
      }
    }
  }
};

// Opaque to the compiler, which would compute it anew for each row of X instead of keeping it.
inline __m512i kept_index(__m512i index) {
  __asm__("" : "+v"(index));
  return index;
}

// The sixteen rows' kept values s of group g, as F32.
template <class T>
inline __m512 kept_values(const T *values, int64_t g, int64_t s) {
  return load16(values + value_index<T>(g, 0, s), first16(16));
}
inline __m512 kept_values(const Bf16 *values, int64_t g, int64_t s) {
  const __m512i pairs = _mm512_load_si512(values + value_index<Bf16>(g, 0, 0));
  return _mm512_castsi512_ps(s == 0 ? _mm512_slli_epi32(pairs, 16)
                                    : _mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

// A kept value a lane, X in F32, sixteen columns a vector.
template <class T>
struct StepsF32 {
  using Element = T;
  static constexpr int64_t kXBytes = 128;

  static void pack(uint8_t *to, const T *x, int64_t columns) {
    _mm512_store_ps(to, load16(x, first16(columns)));
    _mm512_store_ps(to + 64, columns > 16 ? load16(x + 16, first16(columns - 16)) : _mm512_setzero_ps());
  }

  template <int M, int S>
  static void add(__m512 (*acc)[M], const uint8_t *block, const uint8_t *x) {
    const __m512i places = _mm512_load_si512(block);
    const T *values = reinterpret_cast<const T *>(block + kPlacesBytes);
#pragma GCC unroll 8
    for (int g = 0; g < kBlockGroups; g++) {
#pragma GCC unroll 2
      for (int s = 0; s < 2; s++) {
        // A lane of the vector: the place in bits 1..0, above them the group's number among the vector's four.
        const __m512i place = _mm512_srli_epi32(places, 2 * g + 16 * s);
        const __m512i index =
            kept_index(_mm512_ternarylogic_epi32(place, _mm512_set1_epi32(3), _mm512_set1_epi32(g % 4 * 4), kSelectOr));
        const __m512 w = kept_values(values, g, s);
        for (int r = 0; r < M; r++) {
          const __m512 picked = _mm512_permutexvar_ps(index, _mm512_load_ps(x + r * kXBytes + g / 4 * 64));
          acc[(2 * g + s) % S][r] = _mm512_fmadd_ps(w, picked, acc[(2 * g + s) % S][r]);
        }
      }
    }
  }

  static constexpr int kSelectOr = 0xea;  // vpternlog: (a & b) | c
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_TILES_HPP
