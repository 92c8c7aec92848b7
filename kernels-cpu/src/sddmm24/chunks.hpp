// Every sddmm24 copies its operands, a part of m at a time. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SDDMM24_CHUNKS_HPP
#define SPARSE24_CPU_SDDMM24_CHUNKS_HPP

#include <algorithm>

#include "sddmm24/kept.hpp"

namespace s24::cpu {
namespace {

inline int64_t steps_of(int64_t rows, int64_t step) { return rows / step + (rows % step != 0); }

// Rows of m in a chunk: whole steps, at most `most` of them, and no chunk much smaller than another.
inline int64_t chunk_rows(int64_t m, int64_t step, int64_t most) {
  const int64_t steps = steps_of(m, step), chunks = steps_of(steps, most);
  return chunks == 0 ? 0 : steps_of(steps, chunks) * step;
}

// Calls f(begin, rows) chunk by chunk; once even where m is 0, for values are still to be multiplied by beta.
template <class F>
void for_chunks(const Threads &threads, const SddmmCall &call, int64_t chunk, const F &f) {
  const s24_sddmm24_args &a = call.args;
  if (a.n == 0 || a.k == 0) return;
  check_kept(threads, call);
  int64_t begin = 0;
  do {
    const int64_t rows = std::min(chunk, a.m - begin);
    f(begin, rows);
    begin += rows;
  } while (begin < a.m);
}

// dY and X must fit in memory, but nothing says so yet: no overflow for extents that never will.
inline int64_t workspace_of(__int128 columns, int64_t column_bytes) {
  const __int128 lines = (columns * column_bytes + 63) / 64;
  constexpr int64_t kMost = INT64_MAX / 64;
  return (lines < kMost ? static_cast<int64_t>(lines) : kMost) * 64;
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SDDMM24_CHUNKS_HPP
