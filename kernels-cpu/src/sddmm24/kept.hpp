// What every sddmm24 does with a mask and with sums. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_SDDMM24_KEPT_HPP
#define SPARSE24_CPU_SDDMM24_KEPT_HPP

#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

// An error where a group does not keep two.
inline void check_kept(const Threads &threads, const SddmmCall &call) {
  const s24_sddmm24_args &a = call.args;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k / 8), [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      const int64_t wrong = first_bad_group(call.mask + j * a.mask_stride, a.k / 4);
      if (wrong >= 0) return bad.found(j * (a.k / 4) + wrong);
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

inline void finish_kept(float alpha, const float *sums, int64_t count, float beta, float *values) {
  if (beta == 0.0f) {
    for (int64_t c = 0; c < count; c++) values[c] = alpha * sums[c];
  } else {
    for (int64_t c = 0; c < count; c++) values[c] = alpha * sums[c] + beta * values[c];
  }
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_SDDMM24_KEPT_HPP
