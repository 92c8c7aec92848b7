// Multiplication for few rows of X: a warp an output. Its lanes take neighbouring groups of four columns, so that it
// reads its row of W in one stream, and the lanes' sums meet in a fixed order.
#ifndef SPARSE24_CUDA_ROW_DOTS_CUH
#define SPARSE24_CUDA_ROW_DOTS_CUH

#include "cells.cuh"
#include "epilogue.cuh"
#include "heuristics.hpp"
#include "packed_rows.hpp"

namespace s24::cuda {
namespace {

constexpr int kWarp = 32, kWarpsPerBlock = 8;

template <class T, class Weights>
__global__ void run_row_dots(DenseRows<T> x, Weights w, Epilogue<T> epilogue, int m, int64_t n, int64_t groups) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int64_t j = int64_t{blockIdx.x} * kWarpsPerBlock + warp; j < n; j += int64_t{gridDim.x} * kWarpsPerBlock) {
    float sums[kRowDotsMaxM] = {};
    for (int64_t g = lane; g < groups; g += kWarp) {
      float weights[4];
      w.group(j, g, weights);
#pragma unroll
      for (int i = 0; i < kRowDotsMaxM; i++) {
        if (i >= m) break;
        float inputs[4];
        x.group(i, g, inputs);
        for (int c = 0; c < 4; c++) sums[i] += Weights::product(weights[c], inputs[c]);
      }
    }
    float own = 0;  // lane i ends row i
#pragma unroll
    for (int i = 0; i < kRowDotsMaxM; i++) {
      if (i >= m) break;
      float sum = sums[i];
      for (int apart = kWarp / 2; apart > 0; apart /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, apart);
      if (lane == i) own = sum;
    }
    if (lane < m) epilogue.finish(lane, j, own);
  }
}

template <class T, class Weights>
void row_dots(const Queue &queue, const GemmCall &call, const DenseRows<T> &x, const Weights &w) {
  const s24_gemm_args &a = call.args;
  launch(queue, dim3(blocks_for(a.n, kWarpsPerBlock)), dim3(kWarp * kWarpsPerBlock), run_row_dots<T, Weights>, x, w,
         Epilogue<T>(call), static_cast<int>(a.m), a.n, (a.k + 3) / 4);
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ROW_DOTS_CUH
