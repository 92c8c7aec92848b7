// Work on the elements of matrices of one shape, each by itself. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_FOR_ELEMENTS_HPP
#define SPARSE24_CPU_FOR_ELEMENTS_HPP

#include "heuristics.hpp"
#include "thread_pool.hpp"

namespace s24::cpu {
namespace {

// f(i, j, lanes) for elements (i, j) to (i, j + lanes - 1), up to kLanes of a row at a time, all elements once. Rows
// are cut into pieces, so that few long rows are work for many threads too; matrices without gaps are one row.
template <int64_t kLanes, class F>
void for_elements(const Threads &threads, int64_t rows, int64_t cols, bool gapless, int64_t bytes_each, const F &f) {
  constexpr int64_t kPiece = 4096;
  if (gapless) cols *= rows, rows = 1;
  const int64_t pieces = (cols + kPiece - 1) / kPiece, longest = cols < kPiece ? cols : kPiece;
  parallel_for(threads, rows * pieces, grain(longest * bytes_each), [&](int64_t begin, int64_t end, int) {
    for (int64_t unit = begin; unit < end; unit++) {
      const int64_t i = unit / pieces, first = unit % pieces * kPiece;
      const int64_t last = first + kPiece < cols ? first + kPiece : cols;
      int64_t j = first;
      for (; j + kLanes <= last; j += kLanes) f(i, j, kLanes);
      if (j < last) f(i, j, last - j);
    }
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_FOR_ELEMENTS_HPP
