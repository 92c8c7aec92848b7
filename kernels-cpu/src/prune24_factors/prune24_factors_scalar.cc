#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "prune24_factors/groups.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const PruneFactorsCall &call) {
  const s24_prune24_factors_args &a = call.args;
  const bool check = (a.flags & S24_ALLOW_NON_FINITE) == 0;
  FirstPlace bad;
  const auto rows = [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t wrong =
          prune_factor_groups(static_cast<const T *>(call.w) + i * a.w_stride, FactorTerms(call, i, 0), 0, a.k, check,
                              static_cast<T *>(call.values) + i * a.values_stride, call.mask + i * a.mask_stride);
      if (wrong >= 0) return bad.found(i * a.k + wrong);
    }
  };
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T) + sizeof(float))), rows);
  if (bad.index() != FirstPlace::kNone) bad_factor_score(call, bad.index());
}

}  // namespace

const KernelOf<PruneFactorsCall> prune24_factors_f32_scalar{run<float>, nullptr};
const KernelOf<PruneFactorsCall> prune24_factors_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PruneFactorsCall> prune24_factors_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
