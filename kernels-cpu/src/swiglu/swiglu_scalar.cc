#include "floats.hpp"
#include "swiglu/elements.hpp"

namespace s24::cpu {

const KernelOf<SwigluCall> swiglu_f32_scalar{swiglu_run<ScalarFloats, float>, nullptr};
const KernelOf<SwigluCall> swiglu_bf16_scalar{swiglu_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<SwigluCall> swiglu_f16_scalar{swiglu_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
