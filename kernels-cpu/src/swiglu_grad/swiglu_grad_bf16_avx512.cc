#include "avx512/floats.hpp"
#include "swiglu_grad/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluGradCall> swiglu_grad_bf16_avx512{swiglu_grad_run<Avx512Floats, Bf16>, nullptr};

}  // namespace s24::cpu
