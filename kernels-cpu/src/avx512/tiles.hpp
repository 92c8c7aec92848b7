// The arithmetic of tiling.hpp in 512 bits: the sixteen lanes of a sum are the sixteen rows of a tile. A vector of kept
// values is multiplied with what one permute, its index the places, picks from a block of a row of X: half the
// multiplications of the dense product, no load but of X and W as they lie, no reduction at the end.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_TILES_HPP
#define SPARSE24_CPU_AVX512_TILES_HPP

#include "avx512/epilogue.hpp"
#include "avx512/pairs.hpp"
#include "tiling.hpp"

namespace s24::cpu {
namespace {

// Steps: Weight, Element, kXBytes, pack, and
//   add<M, S>(sums, block of W, block of X)   into S sums of each of M rows, in turn
//   plus(sum, sum), result(sum)               what the sums are: SumsF32, or I32 in vnni.hpp and madd.hpp
//   kOffsets                                  1 where a further sum beside those of the M rows corrects them all
template <class Steps>
struct TilesAvx512 {
  using Weight = typename Steps::Weight;
  using Element = typename Steps::Element;
  static constexpr int kPanel = 16;
  static constexpr int64_t kXBytes = Steps::kXBytes;

  static void pack(uint8_t *to, const Element *x, int64_t columns) { Steps::pack(to, x, columns); }

  template <int M>
  static void run(const GemmCall &call, const TilePanel &t) {
    constexpr int kSets = M <= 2 ? 4 : M <= 4 ? 2 : 1;  // chains enough to hide a multiplication's latency
    constexpr int kSums = M + Steps::kOffsets;
    __m512 acc[kSets][kSums];
    for (int s = 0; s < kSets; s++) {
      for (int r = 0; r < kSums; r++) {
        const bool begins = t.first || s > 0 || r >= M;
        acc[s][r] = begins ? _mm512_setzero_ps() : _mm512_load_ps(t.sums + r * kTileRows);
      }
    }
    const uint8_t *w = t.w, *x = t.x;
    for (int64_t b = 0; b < t.blocks; b++, w += t.block_bytes, x += M * kXBytes) {
      if (t.fetch) {
        for (int64_t line = 0; line < t.block_bytes; line += 64) prefetch_line(w, kTilesPrefetch + line);
      }
      Steps::template add<M, kSets>(acc, w, x);
    }
    for (int s = 1; s < kSets; s++) {
      for (int r = 0; r < kSums; r++) acc[0][r] = Steps::plus(acc[0][r], acc[s][r]);
    }
    for (int r = 0; r < M; r++) {
      const __m512 sum = Steps::corrected(acc[0][r], acc[0][kSums - 1]);
      if (t.last) {
        finish16<Element>(call, t.i + r, t.j, Steps::result(sum));
      } else {
        _mm512_store_ps(t.sums + r * kTileRows, sum);
      }
    }
  }
};

struct SumsF32 {
  static constexpr int kOffsets = 0;
  static __m512 plus(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
  static __m512 corrected(__m512 sum, __m512) { return sum; }
  static __m512 result(__m512 sum) { return sum; }
};

// Opaque to the compiler, which would compute it anew for each row of X instead of keeping it.
inline __m512i kept_index(__m512i index) {
  __asm__("" : "+v"(index));
  return index;
}

// The kept values of groups 2h and 2h + 1 as F32: w[0] and w[1] are the sixteen rows' of the even group, w[2] and w[3]
// those of the odd one.
template <class W>
struct Floats {
  static void load(const W *values, int64_t h, __m512 *w) {
    for (int i = 0; i < 4; i++) w[i] = load16(values + value_index<W>(2 * h + i / 2, 0, i % 2), first16(16));
  }
};

template <>
struct Floats<Bf16> {
  static void load(const Bf16 *values, int64_t h, __m512 *w) {
    for (int i = 0; i < 4; i++) w[i] = pair_half(kept_pairs(values, 2 * h + i / 2), i % 2);
  }
};

// Products with 1 or 0 sign-extend a byte to 16 bits and these to 32: no port is the only one for them, as for shifts.
template <>
struct Floats<I8> {
  static void load(const I8 *values, int64_t h, __m512 *w) {
    const __m512i quads = _mm512_load_si512(values + value_index<I8>(2 * h, 0, 0));
    const __m512i even = _mm512_maddubs_epi16(_mm512_set1_epi16(1), quads);
    const __m512i odd = _mm512_maddubs_epi16(_mm512_set1_epi16(0x100), quads);
    const auto half = [](__m512i words, int one) {
      return _mm512_cvtepi32_ps(_mm512_madd_epi16(words, _mm512_set1_epi32(one)));
    };
    w[0] = half(even, 1);
    w[1] = half(odd, 1);
    w[2] = half(even, 0x10000);
    w[3] = half(odd, 0x10000);
  }
};

// Of BF16 that came from bytes 0 and 2 of each lane, and from bytes 1 and 3.
inline void halves(__m512i even, __m512i odd, __m512 *w) {
  for (int i = 0; i < 4; i++) w[i] = pair_half(i % 2 == 0 ? even : odd, i / 2);
}

template <>
struct Floats<E4m3> {
  static void load(const E4m3 *values, int64_t h, __m512 *w) {
    const __m512i quads = _mm512_load_si512(values + value_index<E4m3>(2 * h, 0, 0));
    halves(e4m3_to_bf16(_mm512_and_si512(quads, _mm512_set1_epi16(0xff))), e4m3_to_bf16(_mm512_srli_epi16(quads, 8)),
           w);
  }
};

// A kept value a lane, X in F32. Each 128-bit part of a vector has the four columns of a group, so that their places
// alone are an index, of which the permute takes the low two bits.
template <class W, class X, class FloatsOfW>
struct StepsF32 : SumsF32 {
  using Weight = W;
  using Element = X;
  static constexpr int64_t kXBytes = 128;

  static void pack(uint8_t *to, const X *x, int64_t columns) {
    _mm512_store_ps(to, load16(x, first16(columns)));
    _mm512_store_ps(to + 64, columns > 16 ? load16(x + 16, first16(columns - 16)) : _mm512_setzero_ps());
  }

  template <int M, int S>
  static void add(__m512 (*acc)[M], const uint8_t *block, const uint8_t *x) {
    const __m512i places = _mm512_load_si512(block);
    const W *values = reinterpret_cast<const W *>(block + kPlacesBytes);
#pragma GCC unroll 4
    for (int h = 0; h < kBlockGroups / 2; h++) {
      __m512 w[4];
      FloatsOfW::load(values, h, w);
#pragma GCC unroll 2
      for (int g = 2 * h; g < 2 * h + 2; g++) {
        const __m512i first = kept_index(_mm512_srli_epi32(places, 2 * g));
        const __m512i second = kept_index(_mm512_srli_epi32(places, 2 * g + 16));
        const __m512 w0 = w[g % 2 * 2], w1 = w[g % 2 * 2 + 1];
        __m512 *const sums0 = acc[2 * g % S], *const sums1 = acc[(2 * g + 1) % S];
        for (int r = 0; r < M; r++) {
          const __m512 columns =
              _mm512_broadcast_f32x4(_mm_load_ps(reinterpret_cast<const float *>(x + r * kXBytes) + 4 * g));
          sums0[r] = _mm512_fmadd_ps(w0, _mm512_permutevar_ps(columns, first), sums0[r]);
          sums1[r] = _mm512_fmadd_ps(w1, _mm512_permutevar_ps(columns, second), sums1[r]);
        }
      }
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_TILES_HPP
