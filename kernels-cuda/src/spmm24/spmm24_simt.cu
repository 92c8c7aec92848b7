#include "multiply.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const GemmCall &call) {
  multiply<T>(queue, call, PackedRows<T>(call.w, call.args.k));
}

}  // namespace

const KernelOf<GemmCall> spmm24_f32_simt{run<float>, nullptr};
const KernelOf<GemmCall> spmm24_bf16_simt{run<Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
