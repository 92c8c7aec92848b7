#include "swiglu_grad/swiglu_grad_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const SwigluGradCall &call) {
  runs(queue, SwigluGradCells<T>(call), call.args.rows, call.args.cols);
}

}  // namespace

const KernelOf<SwigluGradCall> swiglu_grad_f32_simt{run<float>, nullptr};
const KernelOf<SwigluGradCall> swiglu_grad_bf16_simt{run<Bf16>, nullptr};
const KernelOf<SwigluGradCall> swiglu_grad_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
