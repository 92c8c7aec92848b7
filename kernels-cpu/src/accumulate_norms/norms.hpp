// s[j] = decay * s[j] + scale * sum of x[i, j]^2, with the sums done by a kernel. They stand in the workspace until all
// are known to be good, so a failing call leaves s as it was. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_ACCUMULATE_NORMS_NORMS_HPP
#define SPARSE24_CPU_ACCUMULATE_NORMS_NORMS_HPP

#include <cmath>
#include <type_traits>

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

// Sums are split over threads by this many columns.
constexpr int64_t kNormsUnit = 64;

// The squares of kRows elements of a column, added up: of F32 in F64; of 16 bits, whose squares F32 holds exactly, in
// F32, so that kRows are converted at once.
template <class T, int kRows>
double squares_of(const T *x, int64_t stride) {
  using Sum = std::conditional_t<sizeof(T) == 2, float, double>;
  Sum sum = 0;
  for (int r = 0; r < kRows; r++) {
    const Sum v = to_float(x[r * stride]);
    sum += v * v;
  }
  return sum;
}

// A sum in F32 may overflow where the norm, which is scaled, does not: then once more, all in F64.
template <class T>
void add_squares_again(const T *x, int64_t rows, int64_t stride, int64_t columns, double *sums) {
  for (int64_t j = 0; j < columns; j++) {
    if (std::isfinite(sums[j])) continue;
    sums[j] = 0;
    for (int64_t i = 0; i < rows; i++) {
      const double v = to_float(x[i * stride + j]);
      sums[j] += v * v;
    }
  }
}

// add(x, columns, sums) adds the squares of columns of all rows to sums, in the order of rows.
template <class T, class Add>
void accumulate_norms(const Threads &threads, const NormsCall &call, const Add &add) {
  const s24_norms_args &a = call.args;
  double *sums = static_cast<double *>(call.workspace);
  parallel_for(threads, (a.cols + kNormsUnit - 1) / kNormsUnit,
               grain(a.rows * kNormsUnit * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
                 const int64_t last = end * kNormsUnit < a.cols ? end * kNormsUnit : a.cols;
                 for (int64_t j = begin * kNormsUnit; j < last; j += kNormsColumns) {
                   const int64_t columns = last - j < kNormsColumns ? last - j : kNormsColumns;
                   for (int64_t c = 0; c < columns; c++) sums[j + c] = 0;
                   const T *x = static_cast<const T *>(call.x) + j;
                   add(x, columns, sums + j);
                   if (sizeof(T) == 2) add_squares_again(x, a.rows, a.x_stride, columns, sums + j);
                 }
               });
  // A first batch has decay 0, and s need not be initialised for it.
  const auto before = [&](int64_t j) { return a.decay == 0.0f ? 0.0f : call.s[j]; };
  const auto after = [&](int64_t j) {
    return static_cast<float>(double{a.decay} * before(j) + double{a.scale} * sums[j]);
  };
  if ((a.flags & S24_ALLOW_NON_FINITE) == 0) {
    for (int64_t j = 0; j < a.cols; j++) {
      if (!is_finite(after(j)) || !is_finite(static_cast<float>(sums[j] * 0.0))) bad_norm(call, j, before(j));
    }
  }
  for (int64_t j = 0; j < a.cols; j++) call.s[j] = after(j);
}

inline int64_t norms_workspace(const s24_norms_args &a, int) {
  return (a.cols * static_cast<int64_t>(sizeof(double)) + S24_ALIGNMENT - 1) / S24_ALIGNMENT * S24_ALIGNMENT;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_ACCUMULATE_NORMS_NORMS_HPP
