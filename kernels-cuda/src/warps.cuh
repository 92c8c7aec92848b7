// A warp a row, for what must see a row as a whole: its lanes take neighbouring units, and what each has meets in a
// fixed order.
#ifndef SPARSE24_CUDA_WARPS_CUH
#define SPARSE24_CUDA_WARPS_CUH

#include "cells.cuh"

namespace s24::cuda {
namespace {

constexpr int kWarp = 32, kWarpsPerBlock = 8;

__device__ inline int lane_of_thread() { return static_cast<int>(threadIdx.x) % kWarp; }

__device__ inline int64_t first_row_of_warp() {
  return int64_t{blockIdx.x} * kWarpsPerBlock + static_cast<int>(threadIdx.x) / kWarp;
}

__device__ inline int64_t rows_at_once() { return int64_t{gridDim.x} * kWarpsPerBlock; }

// join of all lanes' values, in every lane. Every lane of the warp must come here.
template <class T, class Join>
__device__ T over_warp(T value, const Join &join) {
  for (int apart = kWarp / 2; apart > 0; apart /= 2) {
    value = join(value, __shfl_xor_sync(0xffffffffu, value, apart));
  }
  return value;
}

template <class Kernel, class... Args>
void launch_warps(const Queue &queue, int64_t rows, Kernel kernel, Args... args) {
  launch(queue, dim3(blocks_for(rows, kWarpsPerBlock)), dim3(kWarp * kWarpsPerBlock), kernel, args...);
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_WARPS_CUH
