#include "fragment_rows.hpp"
#include "multiply.cuh"

namespace s24::cuda {
namespace {

template <class W, class X, int kMultiplyBytes>
void run(const Queue &queue, const GemmCall &call) {
  multiply<X>(queue, call, FragmentRows<W, kMultiplyBytes>{{call.w, call.args.n, call.args.k}});
}

}  // namespace

const KernelOf<GemmCall> spmm24_i8_f32_fragments{run<I8, float, 1>, nullptr};
const KernelOf<GemmCall> spmm24_i8_bf16_fragments{run<I8, Bf16, 1>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_f32_fragments{run<E4m3, float, 1>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_bf16_fragments{run<E4m3, Bf16, 1>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_e4m3_fragments{run<E4m3, E4m3, 1>, nullptr};
const KernelOf<GemmCall> spmm24_i8_f32_fragments16{run<I8, float, 2>, nullptr};
const KernelOf<GemmCall> spmm24_i8_i8_fragments16{run<I8, I8, 2>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_f32_fragments16{run<E4m3, float, 2>, nullptr};
const KernelOf<GemmCall> spmm24_e4m3_e4m3_fragments16{run<E4m3, E4m3, 2>, nullptr};

}  // namespace s24::cuda
