// BF16 with vdpbf16ps: in each 32-bit lane, sum += w0 * x0 + w1 * x1 of two neighbouring columns (subnormals count as
// 0). Included only by sources with AVX-512 BF16 flags; internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_BF16_HPP
#define SPARSE24_CPU_AVX512_BF16_HPP

#include "avx512/dense_panel.hpp"
#include "avx512/tiles.hpp"
#include "avx512/weights.hpp"

namespace s24::cpu {
namespace {

inline __m512 dot_pairs(__m512 sum, __m512i w, __m512i x) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(w), reinterpret_cast<__m512bh>(x));
}

// 32 elements as BF16.
inline __m512i load32(const Bf16 *p, __mmask32 lanes) { return _mm512_maskz_loadu_epi16(lanes, p); }
inline __m512i load32(const E4m3 *p, __mmask32 lanes) {
  return e4m3_to_bf16(_mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(lanes, p)));
}
inline __m512i load32(const I8 *p, __mmask32 lanes) {
  const __m512 low = load16(p, static_cast<__mmask16>(lanes)),
               high = load16(p + 16, static_cast<__mmask16>(lanes >> 16));
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

// decode.hpp: 32 columns at a time.
template <class X>
struct Bf16Blocks {
  using Element = X;
  using Vector = __m512i;
  static constexpr int kBlock = 32;

  static Vector x(const X *p) { return load32(p, first32(32)); }
  static Vector x_tail(const X *p, int64_t count) { return load32(p, first32(count)); }
  static __m512 multiply_add(__m512 sum, Vector w, Vector x) { return dot_pairs(sum, w, x); }
  static float total(__m512 sum) { return _mm512_reduce_add_ps(sum); }
};

template <class W, class X = Bf16>
struct DenseBf16 : Bf16Blocks<X> {
  using Vector = __m512i;
  static constexpr int64_t kBlocksPerLine = 2 / sizeof(W);
  int64_t stride;

  explicit DenseBf16(const s24_gemm_args &a) : stride(a.w_stride * static_cast<int64_t>(sizeof(W))) {}
  int64_t row_bytes() const { return stride; }
  Vector block(const uint8_t *row, int64_t b) const {
    return load32(reinterpret_cast<const W *>(row) + 32 * b, first32(32));
  }
  Vector tail(const uint8_t *row, int64_t b, int64_t count) const {
    return load32(reinterpret_cast<const W *>(row) + 32 * b, first32(count));
  }
  void prefetch(const uint8_t *row, int64_t b) const {
    if (b % kBlocksPerLine == 0) prefetch_line(row, 32 * b * static_cast<int64_t>(sizeof(W)));
  }
};

// dense_panel.hpp: a unit is a pair of columns.
template <class X>
struct PackPairs : PackUnits<Avx512Panel> {
  using Element = X;
  static constexpr int kColumns = 32;
  static __m512i load(const X *p, int64_t columns) { return load32(p, first32(columns)); }
};

template <class W, class X = Bf16>
struct DensePairs : PanelSumsF32 {
  using Pack = PackPairs<X>;
  using Weight = W;
  using Element = X;
  static constexpr int kColumns = 2;

  static __m512 spread(const W *w, int64_t count) {
    uint32_t pair;
    if (sizeof(W) == 2 && count >= 2) {
      std::memcpy(&pair, w, sizeof pair);
    } else {
      pair = to_bf16(w[0]).bits | static_cast<uint32_t>(count >= 2 ? to_bf16(w[1]).bits : 0) << 16;
    }
    return _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(pair)));
  }
  static __m512 multiply_add(__m512 sum, __m512 w, __m512 x) {
    return dot_pairs(sum, _mm512_castps_si512(w), _mm512_castps_si512(x));
  }
};

// avx512/tiles.hpp: a pair of kept values a lane, X as BF16, which it is or, of E4M3, becomes exactly.
template <class W, class X = Bf16>
struct StepsBf16 : SumsF32 {
  using Weight = W;
  using Element = X;
  static constexpr int64_t kXBytes = 64;

  static void pack(uint8_t *to, const X *x, int64_t columns) { _mm512_store_si512(to, load32(x, first32(columns))); }

  template <int M, int S>
  static void add(__m512 (*acc)[M], const uint8_t *block, const uint8_t *x) {
    const __m512i places = _mm512_load_si512(block);
    const W *values = reinterpret_cast<const W *>(block + kPlacesBytes);
#pragma GCC unroll 8
    for (int g = 0; g < kBlockGroups; g++) {
      // Each half of a lane is an index of the block's columns: the first value's in the lower, the second's above.
      const __m512i group = _mm512_set1_epi16(static_cast<int16_t>(4 * g));
      const __m512i index =
          kept_index(_mm512_ternarylogic_epi32(_mm512_srli_epi32(places, 2 * g), _mm512_set1_epi16(3), group, kMaskOr));
      const __m512i w = kept_pairs(values, g);
      for (int r = 0; r < M; r++) {
        const __m512i picked = _mm512_permutexvar_epi16(index, _mm512_load_si512(x + r * kXBytes));
        acc[g % S][r] = dot_pairs(acc[g % S][r], w, picked);
      }
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_BF16_HPP
