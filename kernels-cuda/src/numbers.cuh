// What works on numbers that lie side by side: a thread takes four of them (four.hpp), neighbours the next four.
//   void operator()(int64_t four) const   does the four at 4 * four, as far as they are there
#ifndef SPARSE24_CUDA_NUMBERS_CUH
#define SPARSE24_CUDA_NUMBERS_CUH

#include "cells.cuh"
#include "four.hpp"

namespace s24::cuda {
namespace {

constexpr unsigned kNumbersThreads = 256;

template <class Op>
__global__ void run_numbers(Op op, int64_t fours) {
  for (int64_t four = int64_t{blockIdx.x} * kNumbersThreads + threadIdx.x; four < fours;
       four += int64_t{gridDim.x} * kNumbersThreads) {
    op(four);
  }
}

template <class Op>
void numbers(const Queue &queue, const Op &op, int64_t count) {
  const int64_t fours = (count + kFour - 1) / kFour;
  if (fours == 0) return;
  launch(queue, dim3(blocks_for(fours, kNumbersThreads)), dim3(kNumbersThreads), run_numbers<Op>, op, fours);
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_NUMBERS_CUH
