// The choice between the two ways to multiply, and of the type of Y.
#ifndef SPARSE24_CUDA_MULTIPLY_CUH
#define SPARSE24_CUDA_MULTIPLY_CUH

#include "row_dots.cuh"
#include "tiles.cuh"

namespace s24::cuda {
namespace {

template <class Y, class X, class Weights>
void multiply_into(const Queue &queue, const GemmCall &call, const Weights &w) {
  const DenseRows<X> x{static_cast<const X *>(call.x), call.args.x_stride, call.args.k};
  if (call.args.m <= kRowDotsMaxM) {
    row_dots<Y>(queue, call, x, w);
  } else {
    tiles<Y>(queue, call, x, w);
  }
}

// Y is as X, but for X in eight bits as the arguments say.
template <class X, class Weights>
void multiply(const Queue &queue, const GemmCall &call, const Weights &w) {
  if constexpr (sizeof(X) > 1) {
    multiply_into<X, X>(queue, call, w);
  } else if (call.args.y_dtype == S24_BF16) {
    multiply_into<Bf16, X>(queue, call, w);
  } else {
    multiply_into<float, X>(queue, call, w);
  }
}

}  // namespace
}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_MULTIPLY_CUH
