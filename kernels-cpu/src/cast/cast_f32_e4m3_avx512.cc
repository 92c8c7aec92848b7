#include "avx512/floats.hpp"
#include "cast/rows.hpp"

namespace s24::cpu {

const KernelOf<CastCall> cast_f32_e4m3_avx512{cast_run<Avx512Floats, float, E4m3>, nullptr};

}  // namespace s24::cpu
