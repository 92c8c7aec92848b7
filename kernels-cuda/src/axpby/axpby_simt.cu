#include "axpby/axpby_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class Y, class X>
void run(const Queue &queue, const AxpbyCall &call) {
  runs(queue, AxpbyCells<Y, X>(call), call.args.rows, call.args.cols);
}

}  // namespace

const KernelOf<AxpbyCall> axpby_f32_simt{run<float, float>, nullptr};
const KernelOf<AxpbyCall> axpby_bf16_simt{run<Bf16, Bf16>, nullptr};
const KernelOf<AxpbyCall> axpby_f16_simt{run<F16, F16>, nullptr};
const KernelOf<AxpbyCall> axpby_f32_bf16_simt{run<float, Bf16>, nullptr};
const KernelOf<AxpbyCall> axpby_f32_f16_simt{run<float, F16>, nullptr};

}  // namespace s24::cuda
