// accumulate_norms with a few rows at a time, so that a sum is read and written once for several squares. A square of
// F32 is exact in F64: with multiply-add the sums are those of the scalar kernel, bit for bit. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_ACCUMULATE_NORMS_ROWS_HPP
#define SPARSE24_CPU_ACCUMULATE_NORMS_ROWS_HPP

#include "accumulate_norms/norms.hpp"

namespace s24::cpu {
namespace {

template <class V, int kRows, class T>
void add_squares(const T *x, int64_t stride, int64_t columns, double *sums) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  int64_t j = 0;
  for (; j + kLine <= columns; j += kLine) {
    // A strip of columns is too narrow for the hardware to follow from row to row.
    for (int r = 0; r < kRows; r++) __builtin_prefetch(x + (kRows + r) * stride + j);
    for (int64_t l = j; l < j + kLine; l += V::kDoubles) {
      auto sum = V::load(sums + l);
      for (int r = 0; r < kRows; r++) sum = V::add_square(sum, V::doubles(x + r * stride + l));
      V::store(sums + l, sum);
    }
  }
  for (; j < columns; j++) {
    for (int r = 0; r < kRows; r++) {
      const double v = to_float(x[r * stride + j]);
      sums[j] += v * v;
    }
  }
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
