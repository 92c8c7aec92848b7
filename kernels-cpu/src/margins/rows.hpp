// margins with a few rows at a time, a vector of columns after the other. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_MARGINS_ROWS_HPP
#define SPARSE24_CPU_MARGINS_ROWS_HPP

#include "group_lanes.hpp"
#include "margins/margins.hpp"

namespace s24::cpu {
namespace {

template <class V, int kRows, class T>
void add_margins(const T *x, int64_t stride, int64_t columns, double *row_sums, double *col_sums, Range *range) {
  using Doubles = decltype(V::load(col_sums));
  Doubles rows[kRows] = {};
  auto least = V::set(static_cast<int32_t>(float_bits(range->least)));
  auto most = V::set(static_cast<int32_t>(float_bits(range->most)));
  int64_t j = 0;
  for (; j + V::kLanes <= columns; j += V::kLanes) {
    Doubles low = V::load(col_sums + j), high = V::load(col_sums + j + V::kDoubles);
    for (int r = 0; r < kRows; r++) {
      const auto v = V::load(x + r * stride + j);
      least = V::smallest(v, least);
      most = V::greatest(v, most);
      const auto size = V::both(v, V::set(kMagnitude));
      const Doubles first = V::low_doubles(size), second = V::high_doubles(size);
      low = V::plus(low, first);
      high = V::plus(high, second);
      rows[r] = V::plus(rows[r], V::plus(first, second));
    }
    V::store(col_sums + j, low);
    V::store(col_sums + j + V::kDoubles, high);
  }
  alignas(64) float leasts[V::kLanes], mosts[V::kLanes];
  V::store(leasts, least, false);
  V::store(mosts, most, false);
  for (int64_t l = 0; l < V::kLanes; l++) {
    range->least = std::min(range->least, leasts[l]);
    range->most = std::max(range->most, mosts[l]);
  }
  for (int r = 0; r < kRows; r++) {
    double lanes[V::kDoubles];
    V::store(lanes, rows[r]);
    row_sums[r] = 0;
    for (const double lane : lanes) row_sums[r] += lane;
    for (int64_t c = j; c < columns; c++) {
      const float v = to_float(x[r * stride + c]);
      range->take(v);
      const double size = std::fabs(v);
      row_sums[r] += size;
      col_sums[c] += size;
    }
  }
}

template <class V, class T>
void margins_run(const Threads &threads, const MarginsCall &call) {
  const s24_margins_args &a = call.args;
  margins<T>(threads, call, [&a](const T *x, int64_t rows, double *row_sums, double *col_sums, Range *range) {
    if (rows == kMarginsTogether) {
      return add_margins<V, kMarginsTogether>(x, a.x_stride, a.cols, row_sums, col_sums, range);
    }
    for (int64_t r = 0; r < rows; r++) {
      add_margins<V, 1>(x + r * a.x_stride, a.x_stride, a.cols, row_sums + r, col_sums, range);
    }
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_MARGINS_ROWS_HPP
