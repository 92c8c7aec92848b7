#include "avx2/floats.hpp"
#include "swiglu_grad/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluGradCall> swiglu_grad_f16_avx2{swiglu_grad_run<Avx2Floats, F16>, nullptr};

}  // namespace s24::cpu
