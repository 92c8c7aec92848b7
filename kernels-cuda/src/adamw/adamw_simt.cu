#include "adamw/adamw_numbers.hpp"

#include "numbers.cuh"

namespace s24::cuda {
namespace {

template <class T>
void run(const Queue &queue, const AdamwCall &call) {
  numbers(queue, AdamwNumbers<T>(call), call.args.count);
}

}  // namespace

const KernelOf<AdamwCall> adamw_f32_simt{run<float>, nullptr};
const KernelOf<AdamwCall> adamw_bf16_simt{run<Bf16>, nullptr};
const KernelOf<AdamwCall> adamw_f16_simt{run<F16>, nullptr};

}  // namespace s24::cuda
