#include "floats.hpp"
#include "rmsnorm/rows.hpp"

namespace s24::cpu {

const KernelOf<RmsnormCall> rmsnorm_f32_scalar{rmsnorm_run<ScalarFloats, float>, nullptr};
const KernelOf<RmsnormCall> rmsnorm_bf16_scalar{rmsnorm_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<RmsnormCall> rmsnorm_f16_scalar{rmsnorm_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
