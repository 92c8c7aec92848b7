// dw[j] += the sum over rows of dy * x * r, in two steps without atomics:
//   RmsnormGradSums    of a chunk of rows, a chunk and a column a cell, into the workspace [chunks, cols]
//   RmsnormGradTotals  the chunks' sums by rising chunk, added to dw
#ifndef SPARSE24_CUDA_RMSNORM_GRAD_CELLS_HPP
#define SPARSE24_CUDA_RMSNORM_GRAD_CELLS_HPP

#include "chip.hpp"
#include "finding.hpp"
#include "memory/elements.hpp"
#include "sparse24/contract.hpp"

namespace s24::cuda {

template <class T>
struct RmsnormGradSums {
  s24_rmsnorm_grad_args a;
  const T *x, *dy;
  const float *r;
  float *sums;

  explicit RmsnormGradSums(const RmsnormGradCall &call)
      : a(call.args),
        x(static_cast<const T *>(call.x)),
        dy(static_cast<const T *>(call.dy)),
        r(call.r),
        sums(static_cast<float *>(call.workspace)) {}

  static constexpr int64_t kChunkRows = 32, kMostChunks = 256;
  S24_HD static int64_t chunks(const s24_rmsnorm_grad_args &a) {
    const int64_t chunks = (a.rows + kChunkRows - 1) / kChunkRows;
    return chunks < kMostChunks ? chunks : kMostChunks;
  }
  static int64_t bytes(const s24_rmsnorm_grad_args &a, const Chip &) {
    return round_up(chunks(a) * a.cols * static_cast<int64_t>(sizeof(float)), S24_ALIGNMENT);
  }

  static constexpr int kRunRows = 1, kRunCells = 16 / static_cast<int>(sizeof(T));

  bool in_vectors() const {
    constexpr int64_t kSize = sizeof(T);
    return rows_begin_on(16, x, a.x_stride * kSize) && rows_begin_on(16, dy, a.dy_stride * kSize);
  }

  template <int, int kColumns>
  S24_HD int64_t take(int64_t chunk, int64_t column) const {
    const int64_t length = (a.rows + chunks(a) - 1) / chunks(a), begin = chunk * length;
    const int64_t end = begin + length < a.rows ? begin + length : a.rows;
    float own[kColumns] = {};
    for (int64_t i = begin; i < end; i++) {
      T inputs[kColumns], slopes[kColumns];
      load<(kColumns > 1)>(inputs, x + i * a.x_stride + column);
      load<(kColumns > 1)>(slopes, dy + i * a.dy_stride + column);
      for (int c = 0; c < kColumns; c++) own[c] += to_float(slopes[c]) * (to_float(inputs[c]) * r[i]);
    }
    for (int c = 0; c < kColumns; c++) sums[chunk * a.cols + column + c] = own[c];
    return kNowhere;
  }
};

struct RmsnormGradTotals {
  const float *sums;
  int64_t chunks, cols;
  float *dw;

  S24_HD int64_t operator()(int64_t, int64_t column) const {
    float sum = 0.0f;
    S24_UNROLL_16
    for (int64_t c = 0; c < chunks; c++) sum += sums[c * cols + column];
    dw[column] += sum;
    return kNowhere;
  }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_RMSNORM_GRAD_CELLS_HPP
