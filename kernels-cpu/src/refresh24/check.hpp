// Both masks of refresh24, before anything is written. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_REFRESH24_CHECK_HPP
#define SPARSE24_CPU_REFRESH24_CHECK_HPP

#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

// Rows of W^T's mask come after those of W's.
inline void check_masks(const Threads &threads, const RefreshCall &call) {
  const s24_double_prune24_args &a = call.args;
  const int64_t groups = a.n * (a.k / 4);  // of either mask
  FirstPlace bad;
  parallel_for(threads, a.n + a.k, grain(a.n / 8 < a.k / 8 ? a.k / 8 : a.n / 8), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const bool turned = row >= a.n;
      const int64_t in_row = turned ? a.n / 4 : a.k / 4, i = turned ? row - a.n : row;
      const uint8_t *mask = turned ? call.t_mask + i * a.t_mask_stride : call.mask + i * a.mask_stride;
      const int64_t wrong = first_bad_group(mask, in_row);
      if (wrong >= 0) return bad.found((turned ? groups : 0) + i * in_row + wrong);
    }
  });
  if (bad.index() == FirstPlace::kNone) return;
  if (bad.index() < groups) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
  bad_mask(call.t_mask, a.t_mask_stride, a.n, bad.index() - groups, "t_mask");
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_REFRESH24_CHECK_HPP
