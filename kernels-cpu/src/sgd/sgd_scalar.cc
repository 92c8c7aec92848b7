#include "floats.hpp"
#include "sgd/step.hpp"

namespace s24::cpu {

const KernelOf<SgdCall> sgd_f32_scalar{sgd_run<ScalarFloats, float>, nullptr};
const KernelOf<SgdCall> sgd_bf16_scalar{sgd_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<SgdCall> sgd_f16_scalar{sgd_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
