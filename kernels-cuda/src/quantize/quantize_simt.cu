// A warp reads its row twice: for its largest magnitude, which gives the scale, and to divide by it. A row that is not
// finite writes nothing.
#include "memory/elements.hpp"
#include "row_runs.cuh"
#include "warps.cuh"

namespace s24::cuda {
namespace {

template <class To>
struct Largest;
template <>
struct Largest<I8> {
  static constexpr float value = 127.0f;
};
template <>
struct Largest<E4m3> {
  static constexpr float value = 448.0f;
};

// For a row whose largest magnitude is `most`. The bound keeps quotients within the largest value, which those by a
// rounded subnormal could pass.
template <class To>
S24_HD float scale_of(float most) {
  if (most == 0.0f) return 1.0f;
  const float scale = most / Largest<To>::value;
  return scale < 0x1p-126f ? 0x1p-126f : scale;
}

template <class To, class X>
struct QuantizeRows {
  s24_quantize_args a;
  const X *x;
  To *out;
  float *scales;

  explicit QuantizeRows(const QuantizeCall &call)
      : a(call.args), x(static_cast<const X *>(call.x)), out(static_cast<To *>(call.out)), scales(call.scales) {}

  S24_HD Finding explain(int64_t place) const {
    const int64_t row = place / a.cols, column = place % a.cols;
    return bad_element(Finding::kX, row, column, to_float(x[row * a.x_stride + column]));
  }
};

// A lane's elements of a row, by rising column: see(column, elements), 16 at once where rows are aligned, then one.
template <class X, class See>
__device__ void over_elements(const X *row, int64_t cols, bool aligned, const See &see) {
  over_row<16>(cols, aligned, lane_of_thread(), kWarp, [&](int64_t column, auto count) {
    constexpr int kCount = decltype(count)::value;
    X elements[kCount];
    load<(kCount > 1)>(elements, row + column);
    see(column, elements);
  });
}

template <class To, class X>
__global__ void run_quantize(QuantizeRows<To, X> op, bool aligned, Record *record) {
  const s24_quantize_args &a = op.a;
  const int lane = lane_of_thread();
  for (int64_t row = first_row_of_warp(); row < a.rows; row += rows_at_once()) {
    const X *x = op.x + row * a.x_stride;
    int64_t bad = kNowhere;
    uint32_t most = 0;  // bits of the largest magnitude, which those of Inf and NaN are above
    over_elements(x, a.cols, aligned, [&](int64_t column, const auto &elements) {
      constexpr int kCount = sizeof elements / sizeof(X);
      for (int i = 0; i < kCount; i++) {
        const float v = to_float(elements[i]);
        if (bad == kNowhere && !is_finite(v)) bad = row * a.cols + column + i;
        const uint32_t magnitude = float_bits(v) & 0x7fffffffu;
        most = most < magnitude ? magnitude : most;
      }
    });
    object_to(bad, record);
    most = over_warp(most, [](uint32_t one, uint32_t other) { return one < other ? other : one; });
    if (!is_finite(bits_float(most))) continue;
    const float scale = scale_of<To>(bits_float(most));
    if (lane == 0) op.scales[row] = scale;
    To *out = op.out + row * a.out_stride;
    over_elements(x, a.cols, aligned, [&](int64_t column, const auto &elements) {
      constexpr int kCount = sizeof elements / sizeof(X);
      To divided[kCount];
      for (int i = 0; i < kCount; i++) divided[i] = from_float<To>(to_float(elements[i]) / scale);
      store<(kCount > 1)>(out + column, divided);
    });
  }
}

template <class To, class X>
void run(const Queue &queue, const QuantizeCall &call) {
  const QuantizeRows<To, X> op(call);
  const bool aligned = rows_begin_on(16, op.x, op.a.x_stride * static_cast<int64_t>(sizeof(X))) &&
                       rows_begin_on(16, op.out, op.a.out_stride);
  launch_warps(queue, call.args.rows, run_quantize<To, X>, op, aligned, queue.record);
  settle(queue, op);
}

}  // namespace

const KernelOf<QuantizeCall> quantize_i8_f32_simt{run<I8, float>, nullptr};
const KernelOf<QuantizeCall> quantize_i8_bf16_simt{run<I8, Bf16>, nullptr};
const KernelOf<QuantizeCall> quantize_i8_f16_simt{run<I8, F16>, nullptr};
const KernelOf<QuantizeCall> quantize_e4m3_f32_simt{run<E4m3, float>, nullptr};
const KernelOf<QuantizeCall> quantize_e4m3_bf16_simt{run<E4m3, Bf16>, nullptr};
const KernelOf<QuantizeCall> quantize_e4m3_f16_simt{run<E4m3, F16>, nullptr};

}  // namespace s24::cuda
