#include "axpby/elements.hpp"
#include "floats.hpp"

namespace s24::cpu {

const KernelOf<AxpbyCall> axpby_f32_scalar{axpby_run<ScalarFloats, float, float>, nullptr};
const KernelOf<AxpbyCall> axpby_bf16_scalar{axpby_run<ScalarFloats, Bf16, Bf16>, nullptr};
const KernelOf<AxpbyCall> axpby_f16_scalar{axpby_run<ScalarFloats, F16, F16>, nullptr};
const KernelOf<AxpbyCall> axpby_f32_bf16_scalar{axpby_run<ScalarFloats, float, Bf16>, nullptr};
const KernelOf<AxpbyCall> axpby_f32_f16_scalar{axpby_run<ScalarFloats, float, F16>, nullptr};

}  // namespace s24::cpu
