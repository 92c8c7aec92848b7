#include "multiply.cuh"

namespace s24::cuda {
namespace {

template <class W, class X>
void run(const Queue &queue, const GemmCall &call) {
  multiply<X>(queue, call, PackedRows<W>(call.w, call.args.k));
}

}  // namespace

const KernelOf<GemmCall> spmm24_f32_simt{run<float, float>, nullptr};
const KernelOf<GemmCall> spmm24_bf16_simt{run<Bf16, Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_f16_simt{run<F16, F16>, nullptr};
const KernelOf<GemmCall> spmm24_i8_f32_simt{run<I8, float>, nullptr};
const KernelOf<GemmCall> spmm24_i8_bf16_simt{run<I8, Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_i8_i8_simt{run<I8, I8>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_f32_simt{run<E4m3, float>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_bf16_simt{run<E4m3, Bf16>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_e4m3_simt{run<E4m3, E4m3>, nullptr};

}  // namespace s24::cuda
