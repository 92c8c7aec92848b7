#include "epilogue.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

constexpr int kLanes = 16;  // independent sums, so that the compiler may use what vectors the base ISA has

template <class T>
float dot(const T *w, const T *x, int64_t k) {
  float sums[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= k; j += kLanes) {
    for (int l = 0; l < kLanes; l++) sums[l] += to_float(w[j + l]) * to_float(x[j + l]);
  }
  float sum = 0.0f;
  for (; j < k; j++) sum += to_float(w[j]) * to_float(x[j]);
  for (float v : sums) sum += v;
  return sum;
}

template <class T>
void run(const Threads &threads, const GemmCall &call) {
  const s24_gemm_args &a = call.args;
  if (a.m == 0) return;
  const T *x = static_cast<const T *>(call.x);
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(T)), a.m * (a.k + 1)),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t j = begin; j < end; j++) {
                   const T *w = static_cast<const T *>(call.w) + j * a.w_stride;
                   for (int64_t i = 0; i < a.m; i++) finish<T>(call, i, j, dot(w, x + i * a.x_stride, a.k));
                 }
               });
}

}  // namespace

const KernelOf<GemmCall> gemm_f32_scalar{run<float>, nullptr};
const KernelOf<GemmCall> gemm_bf16_scalar{run<Bf16>, nullptr};
const KernelOf<GemmCall> gemm_f16_scalar{run<F16>, nullptr};

}  // namespace s24::cpu
