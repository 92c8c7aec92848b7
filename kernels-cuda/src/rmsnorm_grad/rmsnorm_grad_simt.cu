// dw by columns, then dx by rows, which may be written over dy: a block a row, a thread where it has read.
#include "memory/runs.cuh"
#include "rmsnorm_grad/rmsnorm_grad_cells.hpp"
#include "row_blocks.cuh"

namespace s24::cuda {
namespace {

template <class T>
__global__ void run_rmsnorm_grad(s24_rmsnorm_grad_args a, bool aligned, const T *x, const float *w, const float *r,
                                 const T *dy, T *dx) {
  for (int64_t row = blockIdx.x; row < a.rows; row += gridDim.x) {
    const T *from = x + row * a.x_stride, *slopes_from = dy + row * a.dy_stride;
    T *to = dx + row * a.dx_stride;
    float products = 0.0f;
    over_own<kRowRun<T>>(a.cols, aligned, [&](int64_t column, auto count) {
      constexpr int kCount = decltype(count)::value;
      T inputs[kCount], slopes[kCount];
      float weights[kCount];
      load<(kCount > 1)>(inputs, from + column);
      load<(kCount > 1)>(slopes, slopes_from + column);
      load<(kCount > 1)>(weights, w + column);
      for (int c = 0; c < kCount; c++) products += weights[c] * to_float(slopes[c]) * to_float(inputs[c]);
    });
    const float root = r[row];
    const float mean = sum_over_block(products) / static_cast<float>(a.cols) * root * root;
    over_own<kRowRun<T>>(a.cols, aligned, [&](int64_t column, auto count) {
      constexpr int kCount = decltype(count)::value;
      T inputs[kCount], slopes[kCount], old[kCount];
      float weights[kCount];
      load<(kCount > 1)>(inputs, from + column);
      load<(kCount > 1)>(slopes, slopes_from + column);
      load<(kCount > 1)>(weights, w + column);
      if (a.beta != 0.0f) load<(kCount > 1)>(old, to + column);
      for (int c = 0; c < kCount; c++) {
        const float added = root * (weights[c] * to_float(slopes[c]) - to_float(inputs[c]) * mean);
        slopes[c] = from_float<T>(a.beta != 0.0f ? a.beta * to_float(old[c]) + added : added);
      }
      store<(kCount > 1)>(to + column, slopes);
    });
  }
}

template <class T>
void run(const Queue &queue, const RmsnormGradCall &call) {
  const s24_rmsnorm_grad_args &a = call.args;
  const RmsnormGradSums<T> sums(call);
  runs(queue, sums, sums.chunks(a), a.cols);
  cells(queue, RmsnormGradTotals{sums.sums, sums.chunks(a), a.cols, call.dw}, 1, a.cols);
  const bool aligned = sums.in_vectors() && rows_begin_on(16, call.w, 0) &&
                       rows_begin_on(16, call.dx, a.dx_stride * static_cast<int64_t>(sizeof(T)));
  launch_row_blocks(queue, a.rows, a.cols, run_rmsnorm_grad<T>, a, aligned, sums.x, call.w, call.r, sums.dy,
                    static_cast<T *>(call.dx));
}

}  // namespace

const KernelOf<RmsnormGradCall> rmsnorm_grad_f32_simt{run<float>, RmsnormGradSums<float>::bytes};
const KernelOf<RmsnormGradCall> rmsnorm_grad_bf16_simt{run<Bf16>, RmsnormGradSums<Bf16>::bytes};
const KernelOf<RmsnormGradCall> rmsnorm_grad_f16_simt{run<F16>, RmsnormGradSums<F16>::bytes};

}  // namespace s24::cuda
