// y = act(alpha * scales * sum + beta * c + bias) + t r^T for one element; every multiplication ends here.
#ifndef SPARSE24_CUDA_EPILOGUE_CUH
#define SPARSE24_CUDA_EPILOGUE_CUH

#include <cmath>

#include "dtype.hpp"
#include "row_alignment.hpp"
#include "sparse24/calls.hpp"

namespace s24::cuda {

S24_HD inline float activate(float v, int32_t activation) {
  switch (activation) {
    case S24_ACT_RELU:
      return v < 0.0f ? 0.0f : v;  // NaN stays
    case S24_ACT_GELU_TANH:
      return 0.5f * v * (1.0f + tanhf(0.7978845608f * (v + 0.044715f * v * v * v)));
    case S24_ACT_GELU_ERF:
      return 0.5f * v * erfcf(-0.7071067812f * v);
    case S24_ACT_SILU:
      return v / (1.0f + expf(-v));
    default:
      return v;
  }
}

// The low-rank term T R^T, whose operands are of X's type and so of Y's; rank 0 where there is none.
template <class T>
struct LowRank {
  struct Operand {
    const T *data;
    int64_t stride;
    int alignment;

    Operand(const void *operand, int64_t stride)
        : data(static_cast<const T *>(operand)), stride(stride), alignment(row_alignment(data, stride)) {}
  };

  int64_t rank;
  Operand t, r;

  explicit LowRank(const GemmCall &call)
      : rank(call.lowrank == nullptr ? 0 : call.lowrank->rank),
        t(call.t, call.lowrank == nullptr ? 0 : call.lowrank->t_stride),
        r(call.r, call.lowrank == nullptr ? 0 : call.lowrank->r_stride) {}

  S24_HD float add_to(float v, int64_t i, int64_t j) const {
    for (int64_t at = 0; at < rank; at++)
      v += to_float(t.data[i * t.stride + at]) * to_float(r.data[j * r.stride + at]);
    return v;
  }
};

// T is the type of Y and C. By value: it travels into kernels.
template <class T>
struct Epilogue {
  float alpha, beta;
  int32_t activation;
  int64_t c_stride, y_stride;
  const float *x_scales, *w_scales;
  const T *c;
  const float *bias;
  T *y;
  LowRank<T> lowrank;

  explicit Epilogue(const GemmCall &call)
      : alpha(call.args.alpha),
        beta(call.args.beta),
        activation(call.args.activation),
        c_stride(call.args.c_stride),
        y_stride(call.args.y_stride),
        x_scales(call.x_scales),
        w_scales(call.w_scales),
        c(static_cast<const T *>(call.c)),
        bias(call.bias),
        y(static_cast<T *>(call.y)),
        lowrank(call) {}

  // The sum of products of elements, times the scales of the rows they are in.
  S24_HD float scaled(int64_t i, int64_t j, float sum) const {
    if (w_scales != nullptr) sum *= w_scales[j];
    if (x_scales != nullptr) sum *= x_scales[i];
    return sum;
  }

  // Before the low-rank term, which tensor cores add by themselves.
  S24_HD float value(int64_t i, int64_t j, float sum) const {
    float v = alpha * scaled(i, j, sum);
    if (beta != 0.0f) v += beta * to_float(c[i * c_stride + j]);
    if (bias != nullptr) v += bias[j];
    return activate(v, activation);
  }

  S24_HD void store(int64_t i, int64_t j, float v) const { y[i * y_stride + j] = from_float<T>(v); }

  S24_HD void finish(int64_t i, int64_t j, float sum) const { store(i, j, lowrank.add_to(value(i, j, sum), i, j)); }
};

}  // namespace s24::cuda

#endif  // SPARSE24_CUDA_EPILOGUE_CUH
