#include "avx512/floats.hpp"
#include "swiglu_grad/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluGradCall> swiglu_grad_f32_avx512{swiglu_grad_run<Avx512Floats, float>, nullptr};

}  // namespace s24::cpu
