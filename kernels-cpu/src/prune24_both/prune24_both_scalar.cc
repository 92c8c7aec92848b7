// Eight rows of W are pruned, and while they are in the cache a byte of W^T's mask is made of them in each of its rows.
#include "double_prune24/groups.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "prune24/groups.hpp"
#include "prune24_both/parts.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const PruneBothCall &call) {
  const PruneBothParts parts(call);
  const s24_prune24_both_args &a = call.args;
  const int64_t rows = a.n / 4;
  FirstPlace bad;
  parallel_for(
      threads, (rows + 1) / 2, grain(8 * a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
        for (int64_t h = 2 * begin; h < 2 * end && h < rows; h++) {
          for (int64_t i = 4 * h; i < 4 * h + 4; i++) {
            const T *w = static_cast<const T *>(call.w) + i * a.w_stride;
            T *values = static_cast<T *>(call.values) + i * a.values_stride;
            const int64_t wrong = prune_groups(w, parts.prune.s, a.k, a.flags, values, call.mask + i * a.mask_stride);
            if (wrong >= 0) return bad.found(i * a.k + wrong);
          }
          for (int64_t g = 0; g < a.k / 4; g++) double_prune_group<T>(parts.double_prune, h, g);
        }
      });
  if (bad.index() != FirstPlace::kNone) bad_prune(parts.prune, bad.index());
}

}  // namespace

const KernelOf<PruneBothCall> prune24_both_f32_scalar{run<float>, nullptr};
const KernelOf<PruneBothCall> prune24_both_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PruneBothCall> prune24_both_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
