// Few rows of X (a decode step): W is read once, as it lies, against rows of X that stay in the first-level cache.
// Bound by memory bandwidth, so what counts is that W's bytes are few and always under way. Internal linkage.
#ifndef SPARSE24_CPU_AVX512_DECODE_HPP
#define SPARSE24_CPU_AVX512_DECODE_HPP

#include "avx512/epilogue.hpp"
#include "heuristics.hpp"

namespace s24::cpu {
namespace {

// Weights, the template parameter below, is how a kernel reads W:
//   Element, Vector               types of X's elements and of a block of W or X
//   kBlock                        columns a block
//   row_bytes()                   bytes between rows
//   block(row, b), tail(row, b, count)       block b of a row, with only `count` columns of it
//   prefetch(row, b)              fetches block b's cache lines, where it is the first block of one
//   x(p), x_tail(p, count)        a block of X
//   multiply_add(sum, w, x), total(sum)

// sums[i][at + r] = row (first + r) of W times row i of X.
template <class Weights, int M, int R>
inline void dot_rows(const Weights &weights, const GemmCall &call, int64_t first, int64_t distance, float (*sums)[16],
                     int at) {
  using Element = typename Weights::Element;
  using Vector = typename Weights::Vector;
  const s24_gemm_args &a = call.args;
  const Element *x = static_cast<const Element *>(call.x);
  const auto *w = static_cast<const uint8_t *>(call.w) + first * weights.row_bytes();
  const auto *ahead =
      reinterpret_cast<const uint8_t *>(reinterpret_cast<uintptr_t>(w) + static_cast<uintptr_t>(distance));
  __m512 acc[R][M];
  for (int r = 0; r < R; r++) {
    for (int i = 0; i < M; i++) acc[r][i] = _mm512_setzero_ps();
  }
  const int64_t blocks = a.k / Weights::kBlock, rest = a.k % Weights::kBlock;
  for (int64_t b = 0; b < blocks; b++) {
    for (int r = 0; r < R; r++) weights.prefetch(ahead + r * weights.row_bytes(), b);
    Vector xs[M];
    for (int i = 0; i < M; i++) xs[i] = Weights::x(x + i * a.x_stride + b * Weights::kBlock);
    for (int r = 0; r < R; r++) {
      const Vector v = weights.block(w + r * weights.row_bytes(), b);
      for (int i = 0; i < M; i++) acc[r][i] = Weights::multiply_add(acc[r][i], v, xs[i]);
    }
  }
  if (rest > 0) {
    Vector xs[M];
    for (int i = 0; i < M; i++) xs[i] = Weights::x_tail(x + i * a.x_stride + blocks * Weights::kBlock, rest);
    for (int r = 0; r < R; r++) {
      const Vector v = weights.tail(w + r * weights.row_bytes(), blocks, rest);
      for (int i = 0; i < M; i++) acc[r][i] = Weights::multiply_add(acc[r][i], v, xs[i]);
    }
  }
  for (int r = 0; r < R; r++) {
    for (int i = 0; i < M; i++) sums[i][at + r] = Weights::total(acc[r][i]);
  }
}

template <class Weights, int M>
inline void decode_rows(const Weights &weights, const Threads &threads, const GemmCall &call) {
  constexpr int kRows = M <= 4 ? 4 : 2;  // of W at once: as many as leave registers for M blocks of X
  const s24_gemm_args &a = call.args;
  const int64_t distance = prefetch_distance(weights.row_bytes());
  parallel_for(threads, (a.n + 15) / 16, grain(16 * weights.row_bytes(), 16 * M * (a.k + 1) / 16),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t tile = begin; tile < end; tile++) {
                   const int64_t j = tile * 16;
                   const int rows = a.n - j < 16 ? static_cast<int>(a.n - j) : 16;
                   alignas(64) float sums[M][16] = {};
                   int r = 0;
                   for (; r + kRows <= rows; r += kRows)
                     dot_rows<Weights, M, kRows>(weights, call, j + r, distance, sums, r);
                   for (; r < rows; r++) dot_rows<Weights, M, 1>(weights, call, j + r, distance, sums, r);
                   for (int i = 0; i < M; i++) {
                     finish16<typename Weights::Element>(call, i, j, _mm512_load_ps(sums[i]));
                   }
                 }
               });
}

// m from 1 to kDecodeMaxM.
template <class Weights>
inline void decode(const Weights &weights, const Threads &threads, const GemmCall &call) {
  switch (call.args.m) {
    case 1:
      return decode_rows<Weights, 1>(weights, threads, call);
    case 2:
      return decode_rows<Weights, 2>(weights, threads, call);
    case 3:
      return decode_rows<Weights, 3>(weights, threads, call);
    case 4:
      return decode_rows<Weights, 4>(weights, threads, call);
    case 5:
      return decode_rows<Weights, 5>(weights, threads, call);
    case 6:
      return decode_rows<Weights, 6>(weights, threads, call);
    case 7:
      return decode_rows<Weights, 7>(weights, threads, call);
    case 8:
      return decode_rows<Weights, 8>(weights, threads, call);
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_DECODE_HPP
