#include "avx512/floats.hpp"
#include "cast/rows.hpp"

namespace s24::cpu {

const KernelOf<CastCall> cast_f32_i8_avx512{cast_run<Avx512Floats, float, I8>, nullptr};

}  // namespace s24::cpu
