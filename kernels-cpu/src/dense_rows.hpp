// Dense W against X: a few rows of W by a few of X, both read along k as they lie, their sums in registers. A block of
// rows of X stays in the second-level cache while W passes. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_DENSE_ROWS_HPP
#define SPARSE24_CPU_DENSE_ROWS_HPP

#include "epilogue.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// Products is what an instruction set and the types bring:
//   Weight, Element (types of W and X), Sum, kColumns (of a load), kRowsW and kRowsX (rows of W and of X at a time)
//   load(p), load(p, count) (the rest 0 and not touched), multiply_add(sum, w, x), plus(sum, sum), total(sum) of the
//   lanes
template <class Products>
struct DenseRows {
  static void run(const Threads &threads, const GemmCall &call) {
    const s24_gemm_args &a = call.args;
    const int64_t fit = kTilesXBytes / (a.k * static_cast<int64_t>(sizeof(X)) + 1) / kRowsX * kRowsX;
    const int64_t x_rows = fit < kRowsX ? kRowsX : fit;  // a block of X
    const int64_t x_blocks = (a.m + x_rows - 1) / x_rows;
    const int64_t w_rows = row_block(a.n, x_blocks, threads.count, 64);
    const int64_t w_blocks = (a.n + w_rows - 1) / w_rows;
    const int64_t rows = a.m < x_rows ? a.m : x_rows;
    const int64_t bytes = w_rows * a.k * static_cast<int64_t>(sizeof(W));
    parallel_for(threads, x_blocks * w_blocks, grain(bytes, w_rows * rows * (a.k + 1) / 8),
                 [&](int64_t begin, int64_t end, int) {
                   for (int64_t unit = begin; unit < end; unit++) {
                     const int64_t i0 = unit / w_blocks * x_rows, j0 = unit % w_blocks * w_rows;
                     const int64_t i1 = i0 + x_rows < a.m ? i0 + x_rows : a.m;
                     const int64_t j1 = j0 + w_rows < a.n ? j0 + w_rows : a.n;
                     for (int64_t j = j0; j < j1; j += kRowsW) {
                       for (int64_t i = i0; i < i1; i += kRowsX) {
                         const int64_t r = j1 - j < kRowsW ? j1 - j : kRowsW, c = i1 - i < kRowsX ? i1 - i : kRowsX;
                         dispatch<kRowsW, kRowsX>(call, j, r, i, c);
                       }
                     }
                   }
                 });
  }

 private:
  using W = typename Products::Weight;
  using X = typename Products::Element;
  using Sum = typename Products::Sum;
  static constexpr int kRowsW = Products::kRowsW, kRowsX = Products::kRowsX;
  static constexpr int64_t kColumns = Products::kColumns;

  template <int R, int C>
  static void dispatch(const GemmCall &call, int64_t j, int64_t rows_w, int64_t i, int64_t rows_x) {
    if constexpr (R > 0 && C > 0) {
      if (rows_w < R) return dispatch<R - 1, C>(call, j, rows_w, i, rows_x);
      if (rows_x < C) return dispatch<R, C - 1>(call, j, rows_w, i, rows_x);
      tile<R, C>(call, j, i);
    }
  }

  template <int R, int C>
  static void tile(const GemmCall &call, int64_t j, int64_t i) {
    const s24_gemm_args &a = call.args;
    const W *w = static_cast<const W *>(call.w) + j * a.w_stride;
    const X *x = static_cast<const X *>(call.x) + i * a.x_stride;
    Sum acc[R][C] = {};
    int64_t left = a.k;
    for (; left >= kColumns; left -= kColumns, w += kColumns, x += kColumns) {
      decltype(Products::load(x)) xs[C];
      for (int c = 0; c < C; c++) xs[c] = Products::load(x + c * a.x_stride);
      for (int r = 0; r < R; r++) {
        const auto v = Products::load(w + r * a.w_stride);
        for (int c = 0; c < C; c++) acc[r][c] = Products::multiply_add(acc[r][c], v, xs[c]);
      }
    }
    Sum rest[R][C] = {};  // what k leaves of a load; apart from acc, whose indices must be known to the compiler
    if (left > 0) {
      decltype(Products::load(x)) xs[C];
      for (int c = 0; c < C; c++) xs[c] = Products::load(x + c * a.x_stride, left);
      for (int r = 0; r < R; r++) {
        const auto v = Products::load(w + r * a.w_stride, left);
        for (int c = 0; c < C; c++) rest[r][c] = Products::multiply_add(rest[r][c], v, xs[c]);
      }
    }
    // Unrolled, for else acc would be in memory, also in the loop above.
    float sums[R][C];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int c = 0; c < C; c++) sums[r][c] = Products::total(Products::plus(acc[r][c], rest[r][c]));
    }
    for (int r = 0; r < R; r++) {
      for (int c = 0; c < C; c++) finish<X>(call, i + c, j + r, sums[r][c]);
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_DENSE_ROWS_HPP
