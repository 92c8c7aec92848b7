// The choice between the two ways to multiply.
#ifndef SPARSE24_CUDA_MULTIPLY_CUH
#define SPARSE24_CUDA_MULTIPLY_CUH

#include "row_dots.cuh"
#include "tiles.cuh"

namespace s24::cuda {
namespace {

template <class T, class Weights>
void multiply(const Queue &queue, const GemmCall &call, const Weights &w) {
  const DenseRows<T> x{static_cast<const T *>(call.x), call.args.x_stride, call.args.k};
  if (call.args.m <= kRowDotsMaxM) {
    row_dots(queue, call, x, w);
  } else {
    tiles(queue, call, x, w);
  }
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MULTIPLY_CUH
