// accumulate_norms with a few rows at a time, so that a sum is read and written once for several squares. Squares are
// exact, of F32 in F64 and of 16 bits in F32: with multiply-add the sums are those of the scalar kernel, bit for bit.
// Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ACCUMULATE_NORMS_ROWS_HPP
#define SPARSE24_CPU_ACCUMULATE_NORMS_ROWS_HPP

#include "accumulate_norms/norms.hpp"

namespace s24::cpu {
namespace {

template <class V, int kRows>
void add_vector(const float *x, int64_t stride, double *sums) {
  for (int64_t l = 0; l < V::kLanes; l += V::kDoubles) {
    const auto first = V::doubles(x + l);
    auto together = V::times(first, first);
    for (int r = 1; r < kRows; r++) together = V::add_square(together, V::doubles(x + r * stride + l));
    V::store(sums + l, V::plus(V::load(sums + l), together));
  }
}

template <class V, int kRows, class T>
void add_vector(const T *x, int64_t stride, double *sums) {
  const auto first = V::load(x);
  auto together = V::times(first, first);
  for (int r = 1; r < kRows; r++) together = V::add_square(together, V::load(x + r * stride));
  V::store(sums, V::plus(V::load(sums), V::low_doubles(together)));
  V::store(sums + V::kDoubles, V::plus(V::load(sums + V::kDoubles), V::high_doubles(together)));
}

template <class V, int kRows, class T>
void add_squares(const T *x, int64_t stride, int64_t columns, double *sums) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  int64_t j = 0;
  for (; j + kLine <= columns; j += kLine) {
    // A strip of columns is too narrow for the hardware to follow from row to row.
    for (int r = 0; r < kRows; r++) __builtin_prefetch(x + (kRows + r) * stride + j);
    for (int64_t l = j; l < j + kLine; l += V::kLanes) add_vector<V, kRows>(x + l, stride, sums + l);
  }
  for (; j < columns; j++) sums[j] += squares_of<T, kRows>(x + j, stride);
}

template <class V, class T>
void accumulate_norms_run(const Threads &threads, const NormsCall &call) {
  const s24_norms_args &a = call.args;
  accumulate_norms<T>(threads, call, [&a](const T *x, int64_t columns, double *sums) {
    int64_t i = 0;
    for (; i + kNormsRows <= a.rows; i += kNormsRows) {
      add_squares<V, kNormsRows>(x + i * a.x_stride, a.x_stride, columns, sums);
    }
    for (; i < a.rows; i++) add_squares<V, 1>(x + i * a.x_stride, a.x_stride, columns, sums);
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ACCUMULATE_NORMS_ROWS_HPP
