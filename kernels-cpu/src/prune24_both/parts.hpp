// The two operations that prune24_both is. Internal linkage, see dtype.hpp.
#ifndef SPARSE24_CPU_PRUNE24_BOTH_PARTS_HPP
#define SPARSE24_CPU_PRUNE24_BOTH_PARTS_HPP

#include "sparse24/calls.hpp"

namespace s24::cpu {
namespace {

struct PruneBothParts {
  explicit PruneBothParts(const PruneBothCall &call)
      : prune_args_{call.args.n,           call.args.k,     call.args.w_stride, call.args.values_stride,
                    call.args.mask_stride, call.args.dtype, call.args.kernel,   call.args.score,
                    call.args.flags},
        double_prune_args_{call.args.n,
                           call.args.k,
                           call.args.values_stride,
                           call.args.mask_stride,
                           call.args.t_values_stride,
                           call.args.t_mask_stride,
                           call.args.dtype,
                           call.args.kernel},
        prune{prune_args_, call.w, call.args.score == S24_SCORE_WANDA ? call.s : nullptr, call.values, call.mask},
        double_prune{double_prune_args_, call.values, call.mask, call.t_values, call.t_mask, call.workspace} {}
  PruneBothParts(const PruneBothParts &) = delete;
  PruneBothParts &operator=(const PruneBothParts &) = delete;

 private:
  const s24_prune24_args prune_args_;
  const s24_double_prune24_args double_prune_args_;

 public:
  const PruneCall prune;
  const DoublePruneCall double_prune;
};

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_PRUNE24_BOTH_PARTS_HPP
