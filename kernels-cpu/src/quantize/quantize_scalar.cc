// A row is read twice: for its largest magnitude, which gives the scale, and to be divided by it.
#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "quantize/largest.hpp"

namespace s24::cpu {
namespace {

template <class To, class X>
void run(const Threads &threads, const QuantizeCall &call) {
  const s24_quantize_args &a = call.args;
  FirstPlace bad;
  parallel_for(threads, a.rows, grain(a.cols * static_cast<int64_t>(sizeof(X))), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const X *x = static_cast<const X *>(call.x) + i * a.x_stride;
      To *out = static_cast<To *>(call.out) + i * a.out_stride;
      float most = 0.0f;
      for (int64_t j = 0; j < a.cols; j++) {
        const float v = to_float(x[j]), magnitude = bits_float(float_bits(v) & 0x7fffffffu);
        if (!is_finite(v)) return bad.found(i * a.cols + j);
        most = most < magnitude ? magnitude : most;
      }
      const float scale = scale_of<To>(most);
      call.scales[i] = scale;
      for (int64_t j = 0; j < a.cols; j++) out[j] = from_float<To>(to_float(x[j]) / scale);
    }
  });
  report_first<X>(call, bad);
}

}  // namespace

const KernelOf<QuantizeCall> quantize_i8_f32_scalar{run<I8, float>, nullptr};
const KernelOf<QuantizeCall> quantize_i8_bf16_scalar{run<I8, Bf16>, nullptr};
const KernelOf<QuantizeCall> quantize_i8_f16_scalar{run<I8, F16>, nullptr};
const KernelOf<QuantizeCall> quantize_e4m3_f32_scalar{run<E4m3, float>, nullptr};
const KernelOf<QuantizeCall> quantize_e4m3_bf16_scalar{run<E4m3, Bf16>, nullptr};
const KernelOf<QuantizeCall> quantize_e4m3_f16_scalar{run<E4m3, F16>, nullptr};

}  // namespace s24::cpu
