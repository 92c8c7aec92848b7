// The sums of |x| by rows and by columns and the range of x, in one pass. A part is a run of rows that depends on the
// matrix alone; its sums by columns stand in the workspace, and are added up by rising part. Internal linkage, see
// dtype.hpp.
#ifndef SPARSE24_CPU_MARGINS_MARGINS_HPP
#define SPARSE24_CPU_MARGINS_MARGINS_HPP

#include <algorithm>
#include <cmath>
#include <limits>

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

struct Range {
  float least = kInf, most = -kInf;
  // NaN is neither less nor more.
  void take(float v) {
    if (v < least) least = v;
    if (v > most) most = v;
  }
};

inline int64_t margins_part_rows(int64_t rows) {
  return std::max(kMarginsRows, (rows + kMarginsParts - 1) / kMarginsParts);
}
inline int64_t margins_parts(const s24_margins_args &a) {
  return a.rows / margins_part_rows(a.rows) + (a.rows % margins_part_rows(a.rows) != 0);
}

// [parts, cols] sums in F64, then a range a part.
inline int64_t margins_workspace(const s24_margins_args &a, int) {
  const int64_t bytes =
      margins_parts(a) * (a.cols * static_cast<int64_t>(sizeof(double)) + static_cast<int64_t>(sizeof(Range)));
  return (bytes + S24_ALIGNMENT - 1) / S24_ALIGNMENT * S24_ALIGNMENT;
}

// add(x, rows, row_sums, col_sums, range) takes that many rows, at most kMarginsTogether: it gives the sums of rows,
// and adds to the others.
template <class T, class Add>
void margins(const Threads &threads, const MarginsCall &call, const Add &add) {
  const s24_margins_args &a = call.args;
  const int64_t part_rows = margins_part_rows(a.rows), parts = margins_parts(a);
  double *sums = static_cast<double *>(call.workspace);
  Range *ranges = reinterpret_cast<Range *>(sums + parts * a.cols);
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  FirstPlace bad;
  const auto some_parts = [&](int64_t begin, int64_t end, int) {
    for (int64_t p = begin; p < end; p++) {
      double *col_sums = sums + p * a.cols;
      std::fill_n(col_sums, a.cols, 0.0);
      ranges[p] = Range();
      const int64_t last = std::min((p + 1) * part_rows, a.rows);
      for (int64_t i = p * part_rows; i < last; i += kMarginsTogether) {
        const int64_t rows = std::min(kMarginsTogether, last - i);
        double row_sums[kMarginsTogether];
        add(static_cast<const T *>(call.x) + i * a.x_stride, rows, row_sums, col_sums, &ranges[p]);
        for (int64_t r = 0; r < rows; r++) {
          call.row_sums[i + r] = static_cast<float>(row_sums[r]);
          // Sums of F32 do not overflow F64.
          if (check && !std::isfinite(row_sums[r])) return bad.found(i + r);
        }
      }
    }
  };
  parallel_for(threads, parts, grain(part_rows * a.cols * static_cast<int64_t>(sizeof(T))), some_parts);
  if (bad.index() != FirstPlace::kNone) bad_margin(call, bad.index());
  parallel_for(threads, a.cols, grain(parts * int64_t{sizeof(double)}), [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      double sum = 0;
      for (int64_t p = 0; p < parts; p++) sum += sums[p * a.cols + j];
      call.col_sums[j] = static_cast<float>(sum);
    }
  });
  Range range;
  for (int64_t p = 0; p < parts; p++) {
    range.least = std::min(range.least, ranges[p].least);
    range.most = std::max(range.most, ranges[p].most);
  }
  call.range[0] = range.least;
  call.range[1] = range.most;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_MARGINS_MARGINS_HPP
