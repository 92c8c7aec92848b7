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
//   multiply_add(sum, w, x)

// sums[i][at + r] = row (first + r) of W times row i of X, for R rows of W and rows [I, I + M) of X.
template <class Weights, int I, int M, int R>
inline void dot_rows(const Weights &weights, const GemmCall &call, int64_t first, int64_t distance, float (*sums)[16],
                     int at) {
  using Element = typename Weights::Element;
  using Vector = typename Weights::Vector;
  const s24_gemm_args &a = call.args;
  const Element *x = static_cast<const Element *>(call.x) + I * a.x_stride;
  const auto *w = static_cast<const uint8_t *>(call.w) + first * weights.row_bytes();
  const auto *ahead =
      reinterpret_cast<const uint8_t *>(reinterpret_cast<uintptr_t>(w) + static_cast<uintptr_t>(distance));
  __m512 acc[R][M];
  for (int r = 0; r < R; r++) {
    for (int i = 0; i < M; i++) acc[r][i] = _mm512_setzero_ps();
  }
  const int64_t blocks = a.k / Weights::kBlock, rest = a.k % Weights::kBlock;
  for (int64_t b = 0; b < blocks; b++) {
    Vector v[R];
    for (int r = 0; r < R; r++) {
      if (I == 0) weights.prefetch(ahead + r * weights.row_bytes(), b);
      v[r] = weights.block(w + r * weights.row_bytes(), b);
    }
    for (int i = 0; i < M; i++) {
      const Vector xs = Weights::x(x + i * a.x_stride + b * Weights::kBlock);
      for (int r = 0; r < R; r++) acc[r][i] = Weights::multiply_add(acc[r][i], v[r], xs);
    }
  }
  if (rest > 0) {
    Vector v[R];
    for (int r = 0; r < R; r++) v[r] = weights.tail(w + r * weights.row_bytes(), blocks, rest);
    for (int i = 0; i < M; i++) {
      const Vector xs = Weights::x_tail(x + i * a.x_stride + blocks * Weights::kBlock, rest);
      for (int r = 0; r < R; r++) acc[r][i] = Weights::multiply_add(acc[r][i], v[r], xs);
    }
  }
  for (int r = 0; r < R; r++) {
    for (int i = 0; i < M; i++) sums[I + i][at + r] = _mm512_reduce_add_ps(acc[r][i]);
  }
}

// How many of `rows` of X one pass takes: kDecodePass at most, in passes of even length.
constexpr int pass_rows(int rows) {
  const int passes = (rows + kDecodePass - 1) / kDecodePass;
  return (rows + passes - 1) / passes;
}

// R rows of W against rows [I, M) of X: from the second pass on, W comes from the first-level cache.
template <class Weights, int I, int M, int R>
inline void dot_all(const Weights &weights, const GemmCall &call, int64_t first, int64_t distance, float (*sums)[16],
                    int at) {
  if constexpr (I < M) {
    constexpr int kPass = pass_rows(M - I);
    dot_rows<Weights, I, kPass, R>(weights, call, first, distance, sums, at);
    dot_all<Weights, I + kPass, M, R>(weights, call, first, distance, sums, at);
  }
}

template <class Weights, int M>
inline void decode_rows(const Weights &weights, const Threads &threads, const GemmCall &call) {
  constexpr int kRows = 4;  // of W at once, so that four streams of loads are under way
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
                     dot_all<Weights, 0, M, kRows>(weights, call, j + r, distance, sums, r);
                   for (; r < rows; r++) dot_all<Weights, 0, M, 1>(weights, call, j + r, distance, sums, r);
                   for (int i = 0; i < M; i++) {
                     finish16<typename Weights::Element>(call, i, j, _mm512_load_ps(sums[i]));
                   }
                 }
               });
}

// m from 1 to M.
template <int M, class Weights>
inline void decode(const Weights &weights, const Threads &threads, const GemmCall &call) {
  if constexpr (M > 0) {
    if (call.args.m == M) return decode_rows<Weights, M>(weights, threads, call);
    decode<M - 1>(weights, threads, call);
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_AVX512_DECODE_HPP
