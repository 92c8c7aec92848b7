#include "prune24_factors/prune24_factors_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const PruneFactorsCall &call) {
  const PruneFactorsCells<T> op(call);
  runs(queue, op, {call.args.n, call.args.n}, {ceil_div(call.args.k, 8), call.args.k / 8});
  settle(queue, op);
}

}  // namespace

const KernelOf<PruneFactorsCall> prune24_factors_f32_simt{run<float>, nullptr};
const KernelOf<PruneFactorsCall> prune24_factors_bf16_simt{run<Bf16>, nullptr};
const KernelOf<PruneFactorsCall> prune24_factors_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
