#include "double_prune24/double_prune24_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const DoublePruneCall &call) {
  const DoublePruneCells<T> op(call);
  const int64_t groups = call.args.k / 4;
  runs(queue, op, {ceil_div(call.args.n, 8), call.args.n / 8}, {groups, groups});
  settle(queue, op);
}

}  // namespace

const KernelOf<DoublePruneCall> double_prune24_f32_simt{run<float>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_bf16_simt{run<Bf16>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
