#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "layout.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const PackCall &call) {
  const s24_pack24_args &a = call.args;
  if (a.k == 0) return;
  const RowsLayout layout(a.k, sizeof(T));
  parallel_for(threads, a.n, grain(layout.row_bytes), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const uint8_t *row = static_cast<const uint8_t *>(call.packed) + i * layout.row_bytes;
      std::memcpy(call.mask + i * a.mask_stride, row, static_cast<size_t>((a.k + 7) / 8));
      std::memcpy(static_cast<T *>(call.values) + i * a.values_stride, row + layout.values_offset,
                  static_cast<size_t>(a.k / 2) * sizeof(T));
    }
  });
}

}  // namespace

const KernelOf<PackCall> unpack24_f32_scalar{run<float>, nullptr};
const KernelOf<PackCall> unpack24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<PackCall> unpack24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
