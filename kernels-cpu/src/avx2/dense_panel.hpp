// Dense W against panels of X (panel.hpp) in 256 bits, F32 whatever the types. A few columns of a panel stay in the
// first-level cache while many rows of W pass, four rows by three vectors at a time in registers; their sums wait in
// the scratch of panel.hpp. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_DENSE_PANEL_HPP
#define SPARSE24_CPU_AVX2_DENSE_PANEL_HPP

#include <algorithm>

#include "avx2/dense.hpp"
#include "avx2/panel.hpp"

namespace s24::cpu {
namespace {

template <class W, class X>
struct DensePanelAvx2 {
  using Pack = PackColumns<Avx2Panel, X>;
  using Element = X;
  static constexpr int kMaxWidth = 12, kRowBlock = 256;

  template <int Width>
  static void rows(const GemmCall &call, const float *panel, float *sums, int64_t first, int64_t rows) {
    const s24_gemm_args &a = call.args;
    const W *w = static_cast<const W *>(call.w) + first * a.w_stride;
    if (a.k == 0) std::fill_n(sums, rows * Width * 8, 0.0f);
    for (int64_t c = 0; c < a.k; c += kColumns, panel += kColumns * Width * 8) {
      const int64_t columns = std::min(kColumns, a.k - c);
      for (int64_t r = 0; r < rows; r += kRows) {
        Slab slab;
        const int64_t here = std::min<int64_t>(kRows, rows - r);
        for (int64_t i = 0; i < here; i++) {
          const W *row = w + (r + i) * a.w_stride + c;
          for (int64_t at = 0; at < columns; at += 8) _mm256_store_ps(slab.rows[i] + at, load8(row + at, columns - at));
          if (columns == kColumns) prefetch_line_l2(reinterpret_cast<const uint8_t *>(row + kColumns), 0);
        }
        for (int v = 0; v < Width; v += kVectors) {
          float *to = sums + (r * Width + v) * 8;
          dispatch<kRows, kVectors>(here, Width - v, slab, columns, panel + v * 8, Width * 8, c == 0, to);
        }
      }
    }
  }

 private:
  static constexpr int kRows = 4, kVectors = 3;
  static constexpr int64_t kColumns = 64;

  // A few rows of W, a few columns of them, as F32.
  struct Slab {
    alignas(32) float rows[kRows][kColumns];
  };

  template <int R, int V>
  static void dispatch(int64_t rows, int64_t vectors, const Slab &slab, int64_t columns, const float *panel,
                       int64_t unit, bool first, float *sums) {
    if constexpr (R > 0 && V > 0) {
      if (rows < R) return dispatch<R - 1, V>(rows, vectors, slab, columns, panel, unit, first, sums);
      if (vectors < V) return dispatch<R, V - 1>(rows, vectors, slab, columns, panel, unit, first, sums);
      tile<R, V>(slab, columns, panel, unit, first, sums);
    }
  }

  // `unit`: floats from a column of the panel to the next, and from a row's sums to the next's.
  template <int R, int V>
  static void tile(const Slab &slab, int64_t columns, const float *panel, int64_t unit, bool first, float *sums) {
    // Unrolled, for else acc would be in memory.
    __m256 acc[R][V];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) acc[r][v] = first ? _mm256_setzero_ps() : _mm256_load_ps(sums + r * unit + v * 8);
    }
    for (int64_t c = 0; c < columns; c++, panel += unit) {
      __m256 x[V];
      for (int v = 0; v < V; v++) x[v] = _mm256_load_ps(panel + v * 8);
      for (int r = 0; r < R; r++) {
        const __m256 spread = _mm256_broadcast_ss(&slab.rows[r][c]);
        for (int v = 0; v < V; v++) acc[r][v] = _mm256_fmadd_ps(spread, x[v], acc[r][v]);
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) _mm256_store_ps(sums + r * unit + v * 8, acc[r][v]);
    }
  }
};

// Any m: W as it lies where few rows of X are to be multiplied.
template <class W, class X>
struct DenseRowsOrPanels {
  static void run(const Threads &threads, const GemmCall &call) {
    if (call.args.m < kDensePanelMinMAvx2) return DenseRows<ProductsF32<W, X>>::run(threads, call);
    multiply_panels<DensePanelAvx2<W, X>>(threads, call);
  }

  static int64_t workspace(const s24_gemm_args &a, int threads) {
    return a.m < kDensePanelMinMAvx2 ? 0 : panel_workspace<DensePanelAvx2<W, X>>(a, threads);
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_DENSE_PANEL_HPP
