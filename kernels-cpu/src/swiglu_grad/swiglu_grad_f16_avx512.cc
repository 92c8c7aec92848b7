#include "avx512/floats.hpp"
#include "swiglu_grad/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluGradCall> swiglu_grad_f16_avx512{swiglu_grad_run<Avx512Floats, F16>, nullptr};

}  // namespace s24::cpu
