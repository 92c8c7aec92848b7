// transpose in blocks of one cache line by one cache line, so that lines are read and written whole. Internal linkage,
// see dtype.hpp.
#ifndef SPARSE24_CPU_TRANSPOSE_BLOCKS_HPP
#define SPARSE24_CPU_TRANSPOSE_BLOCKS_HPP

#include "dtype.hpp"
#include "heuristics.hpp"
#include "kernel.hpp"
#include "transpose/block.hpp"

namespace s24::cpu {
namespace {

// A unit of work is a strip of rows of `out`: of each row of x a cache line.
template <class Square, class T>
void transpose_run(const Threads &threads, const TransposeCall &call) {
  const s24_transpose_args &a = call.args;
  constexpr int64_t kLine = 64 / sizeof(T);
  const T *x = static_cast<const T *>(call.x);
  T *out = static_cast<T *>(call.out);
  const int64_t strips = (a.cols + kLine - 1) / kLine;
  parallel_for(threads, strips, grain(2 * 64 * a.rows), [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin * kLine; j < end * kLine && j < a.cols; j += kLine) {
      const int64_t cols = a.cols - j < kLine ? a.cols - j : kLine;
      for (int64_t i = 0; i < a.rows; i += kLine) {
        const int64_t rows = a.rows - i < kLine ? a.rows - i : kLine;
        transpose_block<Square>(rows, cols, x + i * a.x_stride + j, a.x_stride, out + j * a.out_stride + i,
                                a.out_stride);
      }
    }
  });
}

}  // namespace
}  // namespace s24::cpu

#endif  // SPARSE24_CPU_TRANSPOSE_BLOCKS_HPP
