#include "cells.cuh"
#include "pack24/pack24_fragments_cells.hpp"

namespace s24::cuda {
namespace {

template <class T, int kMultiplyBytes, bool kPairs>
void pack(const Queue &queue, const PackCall &call) {
  const PackFragmentsCells<T, kMultiplyBytes, kPairs> op(call);
  cells(queue, op, op.packed.rows, op.packed.columns * kLanes);
  settle(queue, op);
}

template <class T, int kMultiplyBytes>
void run(const Queue &queue, const PackCall &call) {
  if (rows_begin_on(2 * sizeof(T), call.values, call.args.values_stride * static_cast<int64_t>(sizeof(T)))) {
    pack<T, kMultiplyBytes, true>(queue, call);
  } else {
    pack<T, kMultiplyBytes, false>(queue, call);
  }
}

}  // namespace

const KernelOf<PackCall> pack24_bf16_fragments{run<Bf16, 2>, nullptr};
const KernelOf<PackCall> pack24_f16_fragments{run<F16, 2>, nullptr};
const KernelOf<PackCall> pack24_i8_fragments{run<I8, 1>, nullptr};
const KernelOf<PackCall> pack24_e4m3_fragments{run<E4m3, 1>, nullptr};
const KernelOf<PackCall> pack24_i8_fragments16{run<I8, 2>, nullptr};
const KernelOf<PackCall> pack24_e4m3_fragments16{run<E4m3, 2>, nullptr};

}  // namespace s24::cuda
