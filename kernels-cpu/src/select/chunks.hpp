// 2:4 selection in chunks whose groups fill a vector; a chunk with a score that is not finite, the rest of a row, and
// any other n:m go one column at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SELECT_CHUNKS_HPP
#define SPARSE24_CPU_SELECT_CHUNKS_HPP

#include <algorithm>

#include "group_lanes.hpp"
#include "select/rows.hpp"

namespace s24::cpu {
namespace {

// Whether all scores are finite; only then anything was written.
template <class V>
bool select_chunk(const float *scores, uint8_t *mask) {
  const Groups<V, float> groups(scores);
  typename V::Ints order[4];
  if (!signed_order<V>(groups.column, order)) return false;
  V::store_mask(mask, marks(best_two<V>(order, pairs_of<V>(order))));
  return true;
}

template <class V>
void select_run(const Threads &threads, const SelectCall &call) {
  const s24_select_args &a = call.args;
  if (a.keep != 2 || a.of != 4) return select_any(threads, call);
  constexpr int64_t kColumns = 4 * V::kLanes;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  select_rows(threads, call, 0, [&](const float *scores, uint8_t *mask) -> int64_t {
    for (int64_t j = 0; j < a.k; j += kColumns) {
      const int64_t here = std::min(kColumns, a.k - j);
      if (here == kColumns && select_chunk<V>(scores + j, mask + j / 8)) continue;
      const int64_t wrong = select_columns(scores + j, here, 2, 4, check, mask + j / 8);
      if (wrong >= 0) return j + wrong;
    }
    return -1;
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SELECT_CHUNKS_HPP
