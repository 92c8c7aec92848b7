// n:m selection: in each group of `of` columns the `keep` highest scores, the lower index on a tie. Any n:m one column
// at a time, and the walk over rows that vector kernels share. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SELECT_ROWS_HPP
#define SPARSE24_CPU_SELECT_ROWS_HPP

#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "score_value.hpp"

namespace s24::cpu {
namespace {

// From a byte of the mask on. With `check` stops at the first score that is not finite and returns its column, else -1.
inline int64_t select_columns(const float *scores, int64_t columns, int keep, int of, bool check, uint8_t *mask) {
  std::memset(mask, 0, static_cast<size_t>((columns + 7) / 8));
  for (int64_t j = 0; j < columns; j++) {
    if (check && !is_finite(scores[j])) return j;
    const int64_t first = j / of * of;
    const bool kept = place(scores + first, of, static_cast<int>(j - first)) < keep;
    mask[j / 8] = static_cast<uint8_t>(mask[j / 8] | kept << j % 8);
  }
  return -1;
}

// columns(scores, mask) does a row and returns its first bad column, or -1.
template <class Columns>
void select_rows(const Threads &threads, const SelectCall &call, int64_t comparisons, const Columns &columns) {
  const s24_select_args &a = call.args;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * int64_t{sizeof(float)}, comparisons), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t wrong = columns(call.scores + i * a.scores_stride, call.mask + i * a.mask_stride);
      if (wrong >= 0) return bad.found(i * a.k + wrong);
    }
  });
  if (bad.index() == FirstPlace::kNone) return;
  const int64_t row = bad.index() / a.k, column = bad.index() % a.k;
  bad_element("scores", row, column, call.scores[row * a.scores_stride + column]);
}

// Any n:m.
inline void select_any(const Threads &threads, const SelectCall &call) {
  const s24_select_args &a = call.args;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  select_rows(threads, call, a.k * a.of, [&](const float *scores, uint8_t *mask) {
    return select_columns(scores, a.k, a.keep, a.of, check, mask);
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SELECT_ROWS_HPP
