#include "accumulate_norms/accumulate_norms_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const NormsCall &call) {
  const NormsTotals<T> totals(call);
  const int64_t cols = call.args.cols;
  runs(queue, totals.parts, norms_chunks(call.args), cols);
  cells(queue, totals, 1, cols);
  cells(queue, NormsCommit(call, queue.record), 1, cols);
  settle(queue, totals);
}

}  // namespace

const KernelOf<NormsCall> accumulate_norms_f32_simt{run<float>, norms_workspace};
const KernelOf<NormsCall> accumulate_norms_bf16_simt{run<Bf16>, norms_workspace};
const KernelOf<NormsCall> accumulate_norms_f16_simt{run<F16>, norms_workspace};

}  // namespace s24::cuda
