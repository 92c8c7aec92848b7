#include "score/score_cells.hpp"

#include "cells.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const ScoreCall &call) {
  const ScoreCells<T> op(call);
  cells(queue, op, call.args.n, call.args.k);
  settle(queue, op);
}

}  // namespace

const KernelOf<ScoreCall> score_f32_simt{run<float>, nullptr};
const KernelOf<ScoreCall> score_bf16_simt{run<Bf16>, nullptr};
const KernelOf<ScoreCall> score_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
