#include "floats.hpp"
#include "rope/rows.hpp"

namespace s24::cpu {

const KernelOf<RopeCall> rope_f32_scalar{rope_run<ScalarFloats, float>, nullptr};
const KernelOf<RopeCall> rope_bf16_scalar{rope_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<RopeCall> rope_f16_scalar{rope_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
