#include "cross_entropy/rows.hpp"
#include "floats.hpp"

namespace s24::cpu {

const KernelOf<CrossEntropyCall> cross_entropy_f32_scalar{cross_entropy_run<ScalarFloats, float>, nullptr};
const KernelOf<CrossEntropyCall> cross_entropy_bf16_scalar{cross_entropy_run<ScalarFloats, Bf16>, nullptr};
const KernelOf<CrossEntropyCall> cross_entropy_f16_scalar{cross_entropy_run<ScalarFloats, F16>, nullptr};

}  // namespace s24::cpu
