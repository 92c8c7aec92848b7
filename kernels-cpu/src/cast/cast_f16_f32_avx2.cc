#include "avx2/floats.hpp"
#include "cast/rows.hpp"

namespace s24::cpu {

const KernelOf<CastCall> cast_f16_f32_avx2{cast_run<Avx2Floats, F16, float>, nullptr};

}  // namespace s24::cpu
