#include "multiply.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const GemmCall &call) {
  multiply<T>(queue, call, DenseRows<T>{static_cast<const T *>(call.w), call.args.w_stride, call.args.k});
}

}  // namespace

const KernelOf<GemmCall> gemm_f32_simt{run<float>, nullptr};
const KernelOf<GemmCall> gemm_bf16_simt{run<Bf16>, nullptr};
const KernelOf<GemmCall> gemm_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
