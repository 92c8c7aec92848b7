#include "sgd/sgd_numbers.hpp"

#include "numbers.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const SgdCall &call) {
  numbers(queue, SgdNumbers<T>(call), call.args.count);
}

}  // namespace

const KernelOf<SgdCall> sgd_f32_simt{run<float>, nullptr};
const KernelOf<SgdCall> sgd_bf16_simt{run<Bf16>, nullptr};
const KernelOf<SgdCall> sgd_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
