// A row of the gradient at a time: its sums stand in the workspace while dY's column and the rows of X pass.
#include "dtype.hpp"
#include "first_place.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "mask.hpp"
#include "sparse24/contract.hpp"

namespace s24::cpu {
namespace {

int64_t sums_bytes(const s24_sddmm24_args &a) { return round_up(a.k / 2 * static_cast<int64_t>(sizeof(float)), 64); }

template <class T>
void sum_row(const SddmmCall &call, int64_t j, const uint8_t *mask, float *sums) {
  const s24_sddmm24_args &a = call.args;
  const int64_t groups = a.k / 4;
  for (int64_t c = 0; c < a.k / 2; c++) sums[c] = 0.0f;
  for (int64_t i = 0; i < a.m; i++) {
    const float dy = to_float(static_cast<const T *>(call.dy)[i * a.dy_stride + j]);
    const T *x = static_cast<const T *>(call.x) + i * a.x_stride;
    for (int64_t g = 0; g < groups; g++) {
      const uint8_t *kept = kKept[mask_nibble(mask, g)];
      sums[2 * g] += dy * to_float(x[4 * g + kept[0]]);
      sums[2 * g + 1] += dy * to_float(x[4 * g + kept[1]]);
    }
  }
}

template <class T>
void run(const Threads &threads, const SddmmCall &call) {
  const s24_sddmm24_args &a = call.args;
  FirstPlace bad;
  parallel_for(threads, a.n, grain(a.k * 4, (a.m + 1) * a.k / 2), [&](int64_t begin, int64_t end, int part) {
    float *sums = reinterpret_cast<float *>(static_cast<uint8_t *>(call.workspace) + part * sums_bytes(a));
    for (int64_t j = begin; j < end; j++) {
      const uint8_t *mask = call.mask + j * a.mask_stride;
      const int64_t wrong = first_bad_group(mask, a.k / 4);
      if (wrong >= 0) return bad.found(j * (a.k / 4) + wrong);
      sum_row<T>(call, j, mask, sums);
      float *values = call.values + j * a.values_stride;
      for (int64_t c = 0; c < a.k / 2; c++) {
        values[c] = a.beta != 0.0f ? a.alpha * sums[c] + a.beta * values[c] : a.alpha * sums[c];
      }
    }
  });
  if (bad.index() != FirstPlace::kNone) bad_mask(call.mask, a.mask_stride, a.k, bad.index());
}

int64_t workspace(const s24_sddmm24_args &a, int threads) { return threads * sums_bytes(a); }

}  // namespace

const KernelOf<SddmmCall> sddmm24_f32_scalar{run<float>, workspace};
const KernelOf<SddmmCall> sddmm24_bf16_scalar{run<Bf16>, workspace};
const KernelOf<SddmmCall> sddmm24_f16_scalar{run<F16>, workspace};

}  // namespace s24::cpu
