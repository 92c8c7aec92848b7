#include "swiglu/swiglu_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const SwigluCall &call) {
  runs(queue, SwigluCells<T>(call), call.args.rows, call.args.cols);
}

}  // namespace

const KernelOf<SwigluCall> swiglu_f32_simt{run<float>, nullptr};
const KernelOf<SwigluCall> swiglu_bf16_simt{run<Bf16>, nullptr};
const KernelOf<SwigluCall> swiglu_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
