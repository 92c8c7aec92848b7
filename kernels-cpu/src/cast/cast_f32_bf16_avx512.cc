#include "avx512/floats.hpp"
#include "cast/rows.hpp"

namespace s24::cpu {

const KernelOf<CastCall> cast_f32_bf16_avx512{cast_run<Avx512Floats, float, Bf16>, nullptr};

}  // namespace s24::cpu
