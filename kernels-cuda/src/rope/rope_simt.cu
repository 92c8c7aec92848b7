#include "rope/rope_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const RopeCall &call) {
  const RopeCells<T> op(call);
  runs(queue, op, call.args.rows, call.args.heads * op.half);
}

}  // namespace

const KernelOf<RopeCall> rope_f32_simt{run<float>, nullptr};
const KernelOf<RopeCall> rope_bf16_simt{run<Bf16>, nullptr};
const KernelOf<RopeCall> rope_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
