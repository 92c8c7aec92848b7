// Multiplication for few rows of X: a warp an output. Its lanes take neighbouring groups of four columns, so that it
// reads its row of W in one stream, and the lanes' sums meet in a fixed order.
#ifndef SPARSE24_CUDA_ROW_DOTS_CUH
#define SPARSE24_CUDA_ROW_DOTS_CUH

#include "epilogue.cuh"
#include "heuristics.hpp"
#include "packed_rows.hpp"
#include "warps.cuh"

namespace s24::cuda {
namespace {

template <class X, class Weights, class Y>
__global__ void run_row_dots(DenseRows<X> x, Weights w, Epilogue<Y> epilogue, int m, int64_t n, int64_t groups) {
  using Sum = SumOf<typename Weights::Element, X>;
  const int lane = lane_of_thread();
  for (int64_t j = first_row_of_warp(); j < n; j += rows_at_once()) {
    Sum sums[kRowDotsMaxM] = {};
    for (int64_t g = lane; g < groups; g += kWarp) {
      Sum weights[4];
      w.group(j, g, weights);
#pragma unroll
      for (int i = 0; i < kRowDotsMaxM; i++) {
        if (i >= m) break;
        Sum inputs[4];
        x.group(i, g, inputs);
        for (int c = 0; c < 4; c++) sums[i] += Weights::product(weights[c], inputs[c]);
      }
    }
    Sum own = 0;  // lane i ends row i
#pragma unroll
    for (int i = 0; i < kRowDotsMaxM; i++) {
      if (i >= m) break;
      const Sum sum = over_warp(sums[i], [](Sum a, Sum b) { return a + b; });
      if (lane == i) own = sum;
    }
    if (lane < m) epilogue.finish(lane, j, static_cast<float>(own));
  }
}

template <class Y, class X, class Weights>
void row_dots(const Queue &queue, const GemmCall &call, const DenseRows<X> &x, const Weights &w) {
  const s24_gemm_args &a = call.args;
  launch_warps(queue, a.n, run_row_dots<X, Weights, Y>, x, w, Epilogue<Y>(call), static_cast<int>(a.m), a.n,
               (a.k + 3) / 4);
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ROW_DOTS_CUH
