#include "cast/rows.hpp"
#include "floats.hpp"

namespace s24::cpu {

const KernelOf<CastCall> cast_f32_scalar{cast_run<ScalarFloats, float, float>, nullptr};
const KernelOf<CastCall> cast_f32_bf16_scalar{cast_run<ScalarFloats, float, Bf16>, nullptr};
const KernelOf<CastCall> cast_f32_f16_scalar{cast_run<ScalarFloats, float, F16>, nullptr};
const KernelOf<CastCall> cast_f32_i8_scalar{cast_run<ScalarFloats, float, I8>, nullptr};
const KernelOf<CastCall> cast_f32_e4m3_scalar{cast_run<ScalarFloats, float, E4m3>, nullptr};
const KernelOf<CastCall> cast_bf16_f32_scalar{cast_run<ScalarFloats, Bf16, float>, nullptr};
const KernelOf<CastCall> cast_bf16_scalar{cast_run<ScalarFloats, Bf16, Bf16>, nullptr};
const KernelOf<CastCall> cast_bf16_f16_scalar{cast_run<ScalarFloats, Bf16, F16>, nullptr};
const KernelOf<CastCall> cast_bf16_i8_scalar{cast_run<ScalarFloats, Bf16, I8>, nullptr};
const KernelOf<CastCall> cast_bf16_e4m3_scalar{cast_run<ScalarFloats, Bf16, E4m3>, nullptr};
const KernelOf<CastCall> cast_f16_f32_scalar{cast_run<ScalarFloats, F16, float>, nullptr};
const KernelOf<CastCall> cast_f16_bf16_scalar{cast_run<ScalarFloats, F16, Bf16>, nullptr};
const KernelOf<CastCall> cast_f16_scalar{cast_run<ScalarFloats, F16, F16>, nullptr};
const KernelOf<CastCall> cast_f16_i8_scalar{cast_run<ScalarFloats, F16, I8>, nullptr};
const KernelOf<CastCall> cast_f16_e4m3_scalar{cast_run<ScalarFloats, F16, E4m3>, nullptr};

}  // namespace s24::cpu
