#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "layout.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const PackCall &call) {
  const s24_pack24_args &a = call.args;
  const int64_t groups = a.k / 4;
  const RowsLayout layout(a.k, sizeof(T));
  FirstPlace bad;
  parallel_for(threads, a.n, grain(layout.row_bytes), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const uint8_t *mask = call.mask + i * a.mask_stride;
      uint8_t *row = static_cast<uint8_t *>(call.packed) + i * layout.row_bytes;
      const int64_t wrong = first_bad_group(mask, groups);
      if (wrong >= 0) return bad.found(i * groups + wrong);
      std::memset(row, 0, static_cast<size_t>(layout.row_bytes));
      for (int64_t g = 0; g < groups; g++) {
        row[g / 2] = static_cast<uint8_t>(row[g / 2] | mask_nibble(mask, g) << g % 2 * 4);
      }
      if (groups > 0) {
        std::memcpy(row + layout.values_offset, static_cast<const T *>(call.values) + i * a.values_stride,
                    static_cast<size_t>(a.k / 2) * sizeof(T));
      }
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

}  // namespace

const KernelOf<PackCall> pack24_f32_scalar{run<float>, nullptr};
const KernelOf<PackCall> pack24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PackCall> pack24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
