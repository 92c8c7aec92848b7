// out[j, i] = x[i, j]: a block turns a square in shared memory. A row of the square is 128 bytes, a word a lane, of x
// as of out, so that both are read and written in whole lines. Bits are copied, so a type is its size.
#include "cells.cuh"
#include "memory/elements.hpp"

namespace s24::cuda {
namespace {

constexpr int kWords = 32, kTurnedAtOnce = 8;  // words of a row of the square; rows that a block's threads take at once

// Up to kEach elements of a row, of which there are `count`, at once where there are all and kVectors.
template <bool kVectors, class T, int kEach>
__device__ void load_some(T (&to)[kEach], const T *from, int64_t count) {
  if (kVectors && count >= kEach) return load<kVectors>(to, from);
  for (int e = 0; e < kEach; e++) {
    if (e < count) to[e] = from[e];
  }
}

template <bool kVectors, class T, int kEach>
__device__ void store_some(T *to, const T (&from)[kEach], int64_t count) {
  if (kVectors && count >= kEach) return store<kVectors>(to, from);
  for (int e = 0; e < kEach; e++) {
    if (e < count) to[e] = from[e];
  }
}

template <bool kVectors, class T>
__global__ void run_transpose(s24_transpose_args a, const T *x, T *out) {
  constexpr int kEach = 4 / static_cast<int>(sizeof(T)), kSide = kWords * kEach;
  __shared__ T square[kSide][kSide + kEach];  // a word more, so that a column meets all banks
  const int at = static_cast<int>(threadIdx.x) * kEach;
  for (int64_t i0 = int64_t{blockIdx.y} * kSide; i0 < a.rows; i0 += int64_t{gridDim.y} * kSide) {
    for (int64_t j0 = int64_t{blockIdx.x} * kSide; j0 < a.cols; j0 += int64_t{gridDim.x} * kSide) {
      for (int i = static_cast<int>(threadIdx.y); i < kSide && i0 + i < a.rows; i += kTurnedAtOnce) {
        T word[kEach] = {};
        load_some<kVectors>(word, x + (i0 + i) * a.x_stride + j0 + at, a.cols - j0 - at);
        for (int e = 0; e < kEach; e++) square[i][at + e] = word[e];
      }
      __syncthreads();
      for (int j = static_cast<int>(threadIdx.y); j < kSide && j0 + j < a.cols; j += kTurnedAtOnce) {
        T word[kEach];
        for (int e = 0; e < kEach; e++) word[e] = square[at + e][j];
        store_some<kVectors>(out + (j0 + j) * a.out_stride + i0 + at, word, a.rows - i0 - at);
      }
      __syncthreads();
    }
  }
}

template <class T>
void run(const Queue &queue, const TransposeCall &call) {
  const s24_transpose_args &a = call.args;
  constexpr int64_t kSide = kWords * 4 / static_cast<int64_t>(sizeof(T));
  const bool words = rows_begin_on(4, call.x, a.x_stride * static_cast<int64_t>(sizeof(T))) &&
                     rows_begin_on(4, call.out, a.out_stride * static_cast<int64_t>(sizeof(T)));
  launch(queue, dim3(blocks_for(a.cols, kSide), blocks_for(a.rows, kSide)), dim3(kWords, kTurnedAtOnce),
         words ? run_transpose<true, T> : run_transpose<false, T>, a, static_cast<const T *>(call.x),
         static_cast<T *>(call.out));
}

}  // namespace

const KernelOf<TransposeCall> transpose_f32_simt{run<uint32_t>, nullptr};
const KernelOf<TransposeCall> transpose_bf16_simt{run<uint16_t>, nullptr};
const KernelOf<TransposeCall> transpose_f16_simt{run<uint16_t>, nullptr};
const KernelOf<TransposeCall> transpose_i8_simt{run<uint8_t>, nullptr};
const KernelOf<TransposeCall> transpose_e4m3_simt{run<uint8_t>, nullptr};

}  // namespace s24::cuda
