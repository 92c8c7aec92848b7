#include "epilogue.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"

namespace s24::cpu {
namespace {

constexpr int kLanes = 16;  // independent sums, so that the compiler may use what vectors the base ISA has

template <class W, class X>
float dot(const W *w, const X *x, int64_t k) {
  using Sum = decltype(product(W{}, X{}));
  Sum sums[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= k; j += kLanes) {
    for (int l = 0; l < kLanes; l++) sums[l] += product(w[j + l], x[j + l]);
  }
  Sum sum = 0;
  for (; j < k; j++) sum += product(w[j], x[j]);
  for (Sum v : sums) sum += v;
  return static_cast<float>(sum);
}

template <class W, class X>
void run(const Threads &threads, const GemmCall &call) {
  const s24_gemm_args &a = call.args;
  if (a.m == 0) return;
  const X *x = static_cast<const X *>(call.x);
  parallel_for(threads, a.n, grain(a.k * static_cast<int64_t>(sizeof(W)), a.m * (a.k + 1)),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t j = begin; j < end; j++) {
                   const W *w = static_cast<const W *>(call.w) + j * a.w_stride;
                   for (int64_t i = 0; i < a.m; i++) finish<X>(call, i, j, dot(w, x + i * a.x_stride, a.k));
                 }
               });
}

}  // namespace

const KernelOf<GemmCall> gemm_f32_scalar{run<float, float>, nullptr};
const KernelOf<GemmCall> gemm_bf16_scalar{run<Bf16, Bf16>, nullptr};
const KernelOf<GemmCall> gemm_f16_scalar{run<F16, F16>, nullptr};
const KernelOf<GemmCall> gemm_i8_f32_scalar{run<I8, float>, nullptr};
const KernelOf<GemmCall> gemm_i8_bf16_scalar{run<I8, Bf16>, nullptr};
const KernelOf<GemmCall> gemm_i8_i8_scalar{run<I8, I8>, nullptr};
const KernelOf<GemmCall> gemm_e4m3_f32_scalar{run<E4m3, float>, nullptr};
const KernelOf<GemmCall> gemm_e4m3_bf16_scalar{run<E4m3, Bf16>, nullptr};
const KernelOf<GemmCall> gemm_e4m3_e4m3_scalar{run<E4m3, E4m3>, nullptr};

}  // namespace s24::cpu
