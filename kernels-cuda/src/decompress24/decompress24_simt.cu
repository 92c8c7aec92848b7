#include "decompress24/decompress24_cells.hpp"

#include "memory/runs.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const ConvertCall &call) {
  const DecompressCells<T> op(call);
  runs(queue, op, call.args.n, call.args.k / 4);
  settle(queue, op);
}

}  // namespace

const KernelOf<ConvertCall> decompress24_f32_simt{run<float>, nullptr};
const KernelOf<ConvertCall> decompress24_bf16_simt{run<Bf16>, nullptr};
const KernelOf<ConvertCall> decompress24_f16_simt{run<F16>, nullptr};
const KernelOf<ConvertCall> decompress24_i8_simt{run<I8>, nullptr};
const KernelOf<ConvertCall> decompress24_e4m3_simt{run<E4m3>, nullptr};

}  // namespace s24::cuda
