// Four rows of W make a group of each of W^T's rows. Threads share out pairs of such groups, eight rows, so that none
// writes into another's byte of W^T's mask.
#include "double_prune24/groups.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const DoublePruneCall &call) {
  const s24_double_prune24_args &a = call.args;
  const int64_t groups = a.k / 4, rows = a.n / 4;
  FirstPlace bad;
  parallel_for(threads, (rows + 1) / 2, grain(8 * a.k * static_cast<int64_t>(sizeof(T))),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t h = 2 * begin; h < 2 * end && h < rows; h++) {
                   for (int64_t j = 4 * h; j < 4 * h + 4; j++) {
                     const int64_t wrong = first_bad_group(call.mask + j * a.mask_stride, groups);
                     if (wrong >= 0) return bad.found(j * groups + wrong);
                   }
                   for (int64_t g = 0; g < groups; g++) double_prune_group<T>(call, h, g);
                 }
               });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

}  // namespace

const KernelOf<DoublePruneCall> double_prune24_f32_scalar{run<float>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
