// Dense W against X: four rows of W by three of X, both read along k as they lie, twelve sums in registers. A block of
// rows of X stays in the second-level cache while W passes. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_AVX2_DENSE_HPP
#define SPARSE24_CPU_AVX2_DENSE_HPP

#include "avx2/vector.hpp"
#include "epilogue.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class W, class X>
struct ProductsF32 {
  using Weight = W;
  using Element = X;
  using Sum = __m256;
  static constexpr int kColumns = 8;

  template <class T>
  static __m256 load(const T *p, int64_t count) {
    return load8(p, count);
  }
  static Sum multiply_add(Sum sum, __m256 w, __m256 x) { return _mm256_fmadd_ps(w, x, sum); }
  static float total(Sum sum) { return sum8(sum); }
};

// I8 with I8, as 16 bits.
struct ProductsI32 {
  using Weight = I8;
  using Element = I8;
  using Sum = __m256i;
  static constexpr int kColumns = 16;

  static __m256i load(const I8 *p, int64_t count) {
    I8 whole[16] = {};
    if (count < 16) {
      for (int64_t i = 0; i < count; i++) whole[i] = p[i];
      p = whole;
    }
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)));
  }
  static Sum multiply_add(Sum sum, __m256i w, __m256i x) { return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x)); }
  static float total(Sum sum) {
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return static_cast<float>(_mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1))));
  }
};

template <class Products>
struct DenseAvx2 {
  using W = typename Products::Weight;
  using X = typename Products::Element;

  static constexpr int kRowsW = 4, kRowsX = 3;

  static void run(const Threads &threads, const GemmCall &call) {
    const s24_gemm_args &a = call.args;
    if (a.m == 0) return;
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
    typename Products::Sum acc[R][C] = {};
    const auto step = [&](int64_t count) {
      decltype(Products::load(x, count)) xs[C];
      for (int c = 0; c < C; c++) xs[c] = Products::load(x + c * a.x_stride, count);
      for (int r = 0; r < R; r++) {
        const auto v = Products::load(w + r * a.w_stride, count);
        for (int c = 0; c < C; c++) acc[r][c] = Products::multiply_add(acc[r][c], v, xs[c]);
      }
    };
    constexpr int64_t kColumns = Products::kColumns;
    int64_t left = a.k;
    for (; left >= kColumns; left -= kColumns, w += kColumns, x += kColumns) step(kColumns);
    if (left > 0) step(left);
    for (int r = 0; r < R; r++) {
      for (int c = 0; c < C; c++) finish<X>(call, i + c, j + r, Products::total(acc[r][c]));
    }
  }
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX2_DENSE_HPP
