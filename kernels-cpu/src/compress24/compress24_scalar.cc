#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const ConvertCall &call) {
  const s24_convert_args &a = call.args;
  const int64_t groups = a.k / 4;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const T *w = static_cast<const T *>(call.from) + i * a.w_stride;
      T *values = static_cast<T *>(call.to) + i * a.values_stride;
      const uint8_t *mask = call.mask + i * a.mask_stride;
      const int64_t wrong = first_bad_group(mask, groups);
      if (wrong >= 0) return bad.found(i * groups + wrong);
      for (int64_t g = 0; g < groups; g++) {
        const uint8_t *kept = kKept[mask_nibble(mask, g)];
        values[2 * g] = w[4 * g + kept[0]];
        values[2 * g + 1] = w[4 * g + kept[1]];
      }
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

}  // namespace

const KernelOf<ConvertCall> compress24_f32_scalar{run<float>, nullptr};
const KernelOf<ConvertCall> compress24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<ConvertCall> compress24_f16_scalar{run<F16>, nullptr};
const KernelOf<ConvertCall> compress24_i8_scalar{run<I8>, nullptr};
const KernelOf<ConvertCall> compress24_e4m3_scalar{run<E4m3>, nullptr};

}  // namespace s24::cpu
