#include "sddmm24/sddmm24_cells.hpp"

#include "cells.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const SddmmCall &call) {
  const SddmmCells<T> op(call);
  cells(queue, op, call.args.n, call.args.k / 4);
  settle(queue, op);
}

}  // namespace

const KernelOf<SddmmCall> sddmm24_f32_simt{run<float>, nullptr};
const KernelOf<SddmmCall> sddmm24_bf16_simt{run<Bf16>, nullptr};
const KernelOf<SddmmCall> sddmm24_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
