// Score, select 2:4 and compress, one group of four at a time.
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "prune24/groups.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const PruneCall &call) {
  const s24_prune24_args &a = call.args;
  const float *s = a.score == S24_SCORE_WANDA ? call.s : nullptr;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const T *w = static_cast<const T *>(call.w) + i * a.w_stride;
      T *values = static_cast<T *>(call.values) + i * a.values_stride;
      const int64_t wrong = prune_groups(w, s, a.k, a.flags, values, call.mask + i * a.mask_stride);
      if (wrong >= 0) return bad.found(i * a.k + wrong);
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_prune(call, bad.index());
}

}  // namespace

const KernelOf<PruneCall> prune24_f32_scalar{run<float>, nullptr};
const KernelOf<PruneCall> prune24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PruneCall> prune24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
