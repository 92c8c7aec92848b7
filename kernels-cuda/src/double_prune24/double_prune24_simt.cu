#include "double_prune24/double_prune24_cells.hpp"

#include "cells.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const DoublePruneCall &call) {
  const DoublePruneCells<T> op(call);
  cells(queue, op, ceil_div(call.args.n, 8), call.args.k / 4);
  settle(queue, op);
}

}  // namespace

const KernelOf<DoublePruneCall> double_prune24_f32_simt{run<float>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_bf16_simt{run<Bf16>, nullptr};
const KernelOf<DoublePruneCall> double_prune24_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
