// Multiplication for many rows of X: a block of 16 x 16 threads computes a tile of 64 x 64 outputs, each thread 4 x 4
// of them in registers. Slices of X and W, 32 columns at a time, stand widened in shared memory, transposed, so that a
// thread finds its four rows and its four outputs side by side. A 2:4 weight is spread to its columns on the way in.
#ifndef SPARSE24_CUDA_TILES_CUH
#define SPARSE24_CUDA_TILES_CUH

#include "cells.cuh"
#include "epilogue.cuh"
#include "packed_rows.hpp"

namespace s24::cuda {
namespace {

constexpr int kTile = 64, kSlice = 32, kThreads = 256, kOwn = 4;
constexpr int kGroupsPerSlice = kSlice / 4;
constexpr int kPitch = kTile + 4;  // four of every row of a slice stay aligned

template <class Sum>
using Slice = Sum[kSlice][kPitch];
static_assert(2 * kSlice == kTile, "two slices hold the sums of a tile");

// Rows first_row.. and groups first_group.. of a matrix of `rows` rows and `groups` groups; what lies outside is 0.
template <class Rows, class Sum>
__device__ void load_slice(const Rows &from, int64_t rows, int64_t first_row, int64_t groups, int64_t first_group,
                           Slice<Sum> &slice) {
  for (int i = static_cast<int>(threadIdx.x); i < kTile * kGroupsPerSlice; i += kThreads) {
    const int row = i / kGroupsPerSlice, group = i % kGroupsPerSlice;
    Sum values[4] = {};
    if (first_row + row < rows && first_group + group < groups) {
      from.group(first_row + row, first_group + group, values);
    }
    for (int c = 0; c < 4; c++) slice[group * 4 + c][row] = values[c];
  }
}

// A thread's four numbers of a slice's row, read at once.
template <class Sum>
struct alignas(kOwn * sizeof(Sum)) Own {
  Sum at[kOwn];
};

template <class Sum>
__device__ Own<Sum> load_own(const Sum *from) {
  return *reinterpret_cast<const Own<Sum> *>(from);
}

template <class X, class Weights, class Y>
__global__ void __launch_bounds__(kThreads)
    run_tiles(DenseRows<X> x, Weights w, Epilogue<Y> epilogue, int64_t m, int64_t n, int64_t groups) {
  using Sum = SumOf<typename Weights::Element, X>;
  alignas(16) __shared__ Slice<Sum> slices[2];
  Slice<Sum> &xs = slices[0], &ws = slices[1];
  Sum(*tile)[kPitch] = slices[0];
  const int thread = static_cast<int>(threadIdx.x), across = thread % 16 * kOwn, down = thread / 16 * kOwn;
  for (int64_t i0 = int64_t{blockIdx.y} * kTile; i0 < m; i0 += int64_t{gridDim.y} * kTile) {
    for (int64_t j0 = int64_t{blockIdx.x} * kTile; j0 < n; j0 += int64_t{gridDim.x} * kTile) {
      Sum sums[kOwn][kOwn] = {};
      for (int64_t g = 0; g < groups; g += kGroupsPerSlice) {
        load_slice(x, m, i0, groups, g, xs);
        load_slice(w, n, j0, groups, g, ws);
        __syncthreads();
        // A slice is summed on its own, then added: the error grows with the number of slices, not of columns.
        Sum parts[kOwn][kOwn] = {};
        for (int k = 0; k < kSlice; k++) {
          const Own<Sum> inputs = load_own(&xs[k][down]), weights = load_own(&ws[k][across]);
          for (int i = 0; i < kOwn; i++) {
            for (int j = 0; j < kOwn; j++) parts[i][j] += Weights::product(weights.at[j], inputs.at[i]);
          }
        }
        for (int i = 0; i < kOwn; i++) {
          for (int j = 0; j < kOwn; j++) sums[i][j] += parts[i][j];
        }
        __syncthreads();
      }
      for (int i = 0; i < kOwn; i++) {
        for (int j = 0; j < kOwn; j++) tile[down + i][across + j] = sums[i][j];
      }
      __syncthreads();
#pragma unroll 1  // the activations are long
      for (int at = thread; at < kTile * kTile; at += kThreads) {
        const int i = at / kTile, j = at % kTile;
        if (i0 + i < m && j0 + j < n) epilogue.finish(i0 + i, j0 + j, static_cast<float>(tile[i][j]));
      }
      __syncthreads();
    }
  }
}

template <class Y, class X, class Weights>
void tiles(const Queue &queue, const GemmCall &call, const DenseRows<X> &x, const Weights &w) {
  const s24_gemm_args &a = call.args;
  launch(queue, dim3(blocks_for(a.n, kTile), blocks_for(a.m, kTile)), dim3(kThreads), run_tiles<X, Weights, Y>, x, w,
         Epilogue<Y>(call), a.m, a.n, (a.k + 3) / 4);
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_TILES_CUH
