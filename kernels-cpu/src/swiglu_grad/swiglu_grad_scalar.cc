#include "floats.hpp"
#include "swiglu_grad/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluGradCall> swiglu_grad_f32_scalar{swiglu_grad_run<ScalarFloats, float>, nullptr};
const KernelOf<SwigluGradCall> swiglu_grad_bf16_scalar{swiglu_grad_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<SwigluGradCall> swiglu_grad_f16_scalar{swiglu_grad_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
