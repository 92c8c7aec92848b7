// Dense W against panels of X: a tile of R rows of W by a panel's width stays in registers over all of k.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_DENSE_PANEL_HPP
#define SPARSE24_CPU_AVX512_DENSE_PANEL_HPP

#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

struct PanelSumsF32 {
  static constexpr bool kOffset = false;
  static __m512 result(__m512 sum, __m512) { return sum; }
};

struct PanelSumsI32 {
  static constexpr bool kOffset = false;
  static __m512 result(__m512 sum, __m512) { return _mm512_cvtepi32_ps(_mm512_castps_si512(sum)); }
};

// Arithmetic: Pack, Weight, Element (types of W and X), kColumns (of W that one multiply_add takes), and
//   spread(w, count)     kColumns elements of W (only `count` of them exist) in every 32-bit lane
//   multiply_add(sum, w, x)
//   kOffset              whether sums are to be corrected by what 0 in W gives, spread(0)
//   result(sum, offset)
template <class Arithmetic>
struct DensePanel {
  using Pack = typename Arithmetic::Pack;
  using Element = typename Arithmetic::Element;
  using W = typename Arithmetic::Weight;
  static constexpr int kMaxWidth = 4, kRowBlock = 96;

  template <int Width, int R>
  static void tile(const W *w, int64_t stride, int64_t k, const float *panel, const __m512 *offset, float *sums) {
    __m512 acc[R][Width];
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < Width; v++) acc[r][v] = _mm512_setzero_ps();
    }
    for (int64_t c = 0; c < k; c += Arithmetic::kColumns, panel += Width * 16) {
      __m512 x[Width];
      for (int v = 0; v < Width; v++) x[v] = _mm512_load_ps(panel + v * 16);
      for (int r = 0; r < R; r++) {
        const __m512 spread = Arithmetic::spread(w + r * stride + c, k - c);
        for (int v = 0; v < Width; v++) acc[r][v] = Arithmetic::multiply_add(acc[r][v], spread, x[v]);
      }
    }
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < Width; v++) {
        _mm512_store_ps(sums + (r * Width + v) * 16, Arithmetic::result(acc[r][v], offset[v]));
      }
    }
  }

  // What a row of zeros would sum up to.
  template <int Width>
  static void offsets(int64_t k, const float *panel, __m512 *offset) {
    const W zeros[Arithmetic::kColumns] = {};
    const __m512 spread = Arithmetic::spread(zeros, Arithmetic::kColumns);
    for (int v = 0; v < Width; v++) offset[v] = _mm512_setzero_ps();
    if constexpr (Arithmetic::kOffset) {
      for (int64_t c = 0; c < k; c += Arithmetic::kColumns, panel += Width * 16) {
        for (int v = 0; v < Width; v++) {
          offset[v] = Arithmetic::multiply_add(offset[v], spread, _mm512_load_ps(panel + v * 16));
        }
      }
    }
  }

  template <int Width>
  static void rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows) {
    // Registers hold 24 sums beside a panel's width of X. More than eight rows of W, whose distance is often a power of
    // two, would compete for one set of the first-level cache.
    constexpr int kRows = Width == 4 ? 6 : 8;
    const s24_gemm_args &a = call.args;
    const W *w = static_cast<const W *>(call.w) + first * a.w_stride;
    __m512 offset[Width];
    offsets<Width>(a.k, panel, offset);
    int64_t r = 0;
    for (; r + kRows <= rows; r += kRows) {
      tile<Width, kRows>(w + r * a.w_stride, a.w_stride, a.k, panel, offset, sums + r * Width * 16);
    }
    for (; r < rows; r++) tile<Width, 1>(w + r * a.w_stride, a.w_stride, a.k, panel, offset, sums + r * Width * 16);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_DENSE_PANEL_HPP
