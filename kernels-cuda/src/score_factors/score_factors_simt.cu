#include "score_factors/score_factors_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const ScoreFactorsCall &call) {
  const ScoreFactorsCells<T> op(call);
  runs(queue, op, call.args.n, call.args.k);
  settle(queue, op);
}

}  // namespace

const KernelOf<ScoreFactorsCall> score_factors_f32_simt{run<float>, nullptr};
const KernelOf<ScoreFactorsCall> score_factors_bf16_simt{run<Bf16>, nullptr};
const KernelOf<ScoreFactorsCall> score_factors_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
