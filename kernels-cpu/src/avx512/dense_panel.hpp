// Dense W against panels of X: a tile of R rows of W by a panel's width stays in registers over all of k.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX512_DENSE_PANEL_HPP
#define SPARSE24_CPU_AVX512_DENSE_PANEL_HPP

#include "avx512/panel.hpp"

namespace s24::cpu {
namespace {

// Arithmetic: Pack, Element, kColumns (of W that one multiply_add takes), and
//   spread(w, count)     kColumns elements of W (only `count` of them exist) in every 32-bit lane
//   multiply_add(sum, w, x)
template <class Arithmetic>
struct DensePanel {
  using Pack = typename Arithmetic::Pack;
  using Element = typename Arithmetic::Element;
  static constexpr int kMaxWidth = 4, kRowBlock = 96;

  template <int Width, int R>
  static void tile(const Element *w, int64_t stride, int64_t k, const float *panel, float *sums) {
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
      for (int v = 0; v < Width; v++) _mm512_store_ps(sums + (r * Width + v) * 16, acc[r][v]);
    }
  }

  template <int Width>
  static void rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows) {
    // Registers hold 24 sums beside a panel's width of X. More than eight rows of W, whose distance is often a power of
    // two, would compete for one set of the first-level cache.
    constexpr int kRows = Width == 4 ? 6 : 8;
    const s24_gemm_args &a = call.args;
    const Element *w = static_cast<const Element *>(call.w) + first * a.w_stride;
    int64_t r = 0;
    for (; r + kRows <= rows; r += kRows) {
      tile<Width, kRows>(w + r * a.w_stride, a.w_stride, a.k, panel, sums + r * Width * 16);
    }
    for (; r < rows; r++) tile<Width, 1>(w + r * a.w_stride, a.w_stride, a.k, panel, sums + r * Width * 16);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_DENSE_PANEL_HPP
