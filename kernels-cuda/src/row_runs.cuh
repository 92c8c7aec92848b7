// A row by many threads: each takes runs of kRun neighbouring columns, so that its loads and stores are vectors, where
// rows are aligned for it, and of what is left of the row single columns.
//   see(column, count)   where `count` is a std::integral_constant: kRun or 1
#ifndef SPARSE24_CUDA_ROW_RUNS_CUH
#define SPARSE24_CUDA_ROW_RUNS_CUH

#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>

namespace s24::cuda {
namespace {

template <int kRun, class See>
__device__ void over_row(int64_t cols, bool aligned, int thread, int threads, const See &see) {
  const int64_t whole = aligned ? cols / kRun * kRun : 0;
  for (int64_t column = int64_t{thread} * kRun; column < whole; column += int64_t{threads} * kRun) {
    see(column, std::integral_constant<int, kRun>());
  }
  for (int64_t column = whole + thread; column < cols; column += threads) see(column, std::integral_constant<int, 1>());
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_ROW_RUNS_CUH
