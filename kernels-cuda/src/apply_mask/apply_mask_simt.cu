#include "apply_mask/apply_mask_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const ConvertCall &call) {
  runs(queue, ApplyMaskCells<T>(call), call.args.n, call.args.k);
}

}  // namespace

const KernelOf<ConvertCall> apply_mask_f32_simt{run<float>, nullptr};
const KernelOf<ConvertCall> apply_mask_bf16_simt{run<Bf16>, nullptr};
const KernelOf<ConvertCall> apply_mask_f16_simt{run<F16>, nullptr};
const KernelOf<ConvertCall> apply_mask_i8_simt{run<I8>, nullptr};
const KernelOf<ConvertCall> apply_mask_e4m3_simt{run<E4m3>, nullptr};

}  // namespace s24::cuda
