#include "adamw/step.hpp"
#include "floats.hpp"

namespace s24::cpu {

const KernelOf<AdamwCall> adamw_f32_scalar{adamw_run<ScalarFloats, float>, nullptr};
const KernelOf<AdamwCall> adamw_bf16_scalar{adamw_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<AdamwCall> adamw_f16_scalar{adamw_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
