// A block a row, for rows that are long or few: its threads take runs of columns (row_runs.cuh), and what each has
// meets in a fixed order.
#ifndef SPARSE24_CUDA_ROW_BLOCKS_CUH
#define SPARSE24_CUDA_ROW_BLOCKS_CUH

#include "row_runs.cuh"
#include "warps.cuh"

namespace s24::cuda {
namespace {

constexpr int kMostRowWarps = 8;

// join of all threads' values, in every thread. Every thread of the block must come here.
template <class T, class Join>
__device__ T over_block(T value, const Join &join) {
  __shared__ T parts[kMostRowWarps];
  value = over_warp(value, join);
  if (lane_of_thread() == 0) parts[threadIdx.x / kWarp] = value;
  __syncthreads();
  T all = parts[0];
  for (unsigned warp = 1; warp < blockDim.x / kWarp; warp++) all = join(all, parts[warp]);
  __syncthreads();
  return all;
}

__device__ inline float sum_over_block(float value) {
  return over_block(value, [](float a, float b) { return a + b; });
}

// The part of a row that is this thread's.
template <int kRun, class See>
__device__ void over_own(int64_t cols, bool aligned, const See &see) {
  over_row<kRun>(cols, aligned, static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x), see);
}

// Columns that a thread takes at once: 16 bytes.
template <class T>
constexpr int kRowRun = 16 / static_cast<int>(sizeof(T));

// Blocks as large as rows of `cols` give work.
template <class Kernel, class... Args>
void launch_row_blocks(const Queue &queue, int64_t rows, int64_t cols, Kernel kernel, Args... args) {
  constexpr int64_t kWarpColumns = 4 * kWarp;
  const int64_t warps = ceil_div(cols, kWarpColumns);
  const unsigned threads = kWarp * static_cast<unsigned>(warps < 1 ? 1 : warps < kMostRowWarps ? warps : kMostRowWarps);
  launch(queue, dim3(blocks_for(rows, 1)), dim3(threads), kernel, args...);
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ROW_BLOCKS_CUH
