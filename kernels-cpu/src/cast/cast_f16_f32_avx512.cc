#include "avx512/floats.hpp"
#include "cast/rows.hpp"

namespace s24::cpu {

const KernelOf<CastCall> cast_f16_f32_avx512{cast_run<Avx512Floats, F16, float>, nullptr};

}  // namespace s24::cpu
