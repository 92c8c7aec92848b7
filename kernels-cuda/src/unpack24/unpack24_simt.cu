#include "unpack24/unpack24_cells.hpp"

#include "cells.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const PackCall &call) {
  const UnpackCells<T> op(call);
  cells(queue, op, call.args.n, op.cells());
}

}  // namespace

const KernelOf<PackCall> unpack24_f32_simt{run<float>, nullptr};
const KernelOf<PackCall> unpack24_bf16_simt{run<Bf16>, nullptr};
const KernelOf<PackCall> unpack24_f16_simt{run<F16>, nullptr};
const KernelOf<PackCall> unpack24_i8_simt{run<I8>, nullptr};
const KernelOf<PackCall> unpack24_e4m3_simt{run<E4m3>, nullptr};

}  // namespace s24::cuda
