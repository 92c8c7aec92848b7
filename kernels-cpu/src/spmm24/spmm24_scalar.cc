#include "epilogue.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "layout.hpp"
#include "mask.hpp"

namespace s24::cpu {
namespace {

constexpr int kGroups = 4;  // side by side, each with sums of its own

template <class T>
float dot(const uint8_t *mask, const T *values, const T *x, int64_t groups) {
  float sums[kGroups][2] = {};
  const auto add = [&](int64_t g, float *sum) {
    const uint8_t *kept = kKept[mask_nibble(mask, g)];
    sum[0] += to_float(values[2 * g]) * to_float(x[4 * g + kept[0]]);
    sum[1] += to_float(values[2 * g + 1]) * to_float(x[4 * g + kept[1]]);
  };
  int64_t g = 0;
  for (; g + kGroups <= groups; g += kGroups) {
    for (int l = 0; l < kGroups; l++) add(g + l, sums[l]);
  }
  for (; g < groups; g++) add(g, sums[0]);
  float sum = 0.0f;
  for (const auto &pair : sums) sum += pair[0] + pair[1];
  return sum;
}

template <class T>
void run(const Threads &threads, const GemmCall &call) {
  const s24_gemm_args &a = call.args;
  if (a.m == 0) return;
  const RowsLayout layout(a.k, sizeof(T));
  const T *x = static_cast<const T *>(call.x);
  parallel_for(threads, a.n, grain(layout.row_bytes, a.m * (a.k / 2 + 1)), [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; j++) {
      const uint8_t *mask = static_cast<const uint8_t *>(call.w) + j * layout.row_bytes;
      const T *values = reinterpret_cast<const T *>(mask + layout.values_offset);
      for (int64_t i = 0; i < a.m; i++) finish<T>(call, i, j, dot(mask, values, x + i * a.x_stride, a.k / 4));
    }
  });
}

}  // namespace

const KernelOf<GemmCall> spmm24_f32_scalar{run<float>, nullptr};
const KernelOf<GemmCall> spmm24_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
