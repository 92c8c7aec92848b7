#include "floats.hpp"
#include "rmsnorm_grad/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormGradCall> rmsnorm_grad_f32_scalar{rmsnorm_grad_run<ScalarFloats, float>, nullptr};
const KernelOf<RmsnormGradCall> rmsnorm_grad_bf16_scalar{rmsnorm_grad_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<RmsnormGradCall> rmsnorm_grad_f16_scalar{rmsnorm_grad_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
