// y = w * x * r, r = 1 / sqrt(mean of x^2 + epsilon): a block a row, which it reads twice. A thread writes where it has
// read, so y may be x.
#include "memory/elements.hpp"
#include "row_blocks.cuh"

namespace s24::cuda {
namespace {

template <class T>
__global__ void run_rmsnorm(s24_rmsnorm_args a, bool aligned, const T *x, const float *w, T *y, float *r) {
  for (int64_t row = blockIdx.x; row < a.rows; row += gridDim.x) {
    const T *from = x + row * a.x_stride;
    T *to = y + row * a.y_stride;
    float squares = 0.0f;
    over_own<kRowRun<T>>(a.cols, aligned, [&](int64_t column, auto count) {
      constexpr int kCount = decltype(count)::value;
      T elements[kCount];
      load<(kCount > 1)>(elements, from + column);
      for (int c = 0; c < kCount; c++) squares += to_float(elements[c]) * to_float(elements[c]);
    });
    const float root = 1.0f / sqrtf(sum_over_block(squares) / static_cast<float>(a.cols) + a.epsilon);
    if (r != nullptr && threadIdx.x == 0) r[row] = root;
    over_own<kRowRun<T>>(a.cols, aligned, [&](int64_t column, auto count) {
      constexpr int kCount = decltype(count)::value;
      T elements[kCount];
      float weights[kCount];
      load<(kCount > 1)>(elements, from + column);
      load<(kCount > 1)>(weights, w + column);
      for (int c = 0; c < kCount; c++) elements[c] = from_float<T>(weights[c] * (to_float(elements[c]) * root));
      store<(kCount > 1)>(to + column, elements);
    });
  }
}

template <class T>
void run(const Queue &queue, const RmsnormCall &call) {
  const s24_rmsnorm_args &a = call.args;
  constexpr int64_t kSize = sizeof(T);
  const bool aligned = rows_begin_on(16, call.x, a.x_stride * kSize) && rows_begin_on(16, call.y, a.y_stride * kSize) &&
                       rows_begin_on(16, call.w, 0);
  launch_row_blocks(queue, a.rows, a.cols, run_rmsnorm<T>, a, aligned, static_cast<const T *>(call.x), call.w,
                    static_cast<T *>(call.y), call.r);
}

}  // namespace

const KernelOf<RmsnormCall> rmsnorm_f32_simt{run<float>, nullptr};
const KernelOf<RmsnormCall> rmsnorm_bf16_simt{run<Bf16>, nullptr};
const KernelOf<RmsnormCall> rmsnorm_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
