// Any mask, any k: kept elements bit for bit, +0 elsewhere. `to` may be `from`.
#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

template <class T>
void run(const Threads &threads, const ConvertCall &call) {
  const s24_convert_args &a = call.args;
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const T *w = static_cast<const T *>(call.from) + i * a.w_stride;
      T *out = static_cast<T *>(call.to) + i * a.w_stride;
      const uint8_t *mask = call.mask + i * a.mask_stride;
      for (int64_t j = 0; j < a.k; j++) out[j] = (mask[j / 8] >> j % 8 & 1) != 0 ? w[j] : T{};
    }
  });
}

}  // namespace

const KernelOf<ConvertCall> apply_mask_f32_scalar{run<float>, nullptr};
const KernelOf<ConvertCall> apply_mask_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<ConvertCall> apply_mask_f16_scalar{run<F16>, nullptr};
const KernelOf<ConvertCall> apply_mask_i8_scalar{run<I8>, nullptr};
const KernelOf<ConvertCall> apply_mask_e4m3_scalar{run<E4m3>, nullptr};

}  // namespace s24::cpu
