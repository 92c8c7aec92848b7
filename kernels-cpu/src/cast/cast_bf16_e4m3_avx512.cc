#include "avx512/floats.hpp"
#include "cast/rows.hpp"

namespace s24::cpu {

const KernelOf<CastCall> cast_bf16_e4m3_avx512{cast_run<Avx512Floats, Bf16, E4m3>, nullptr};

}  // namespace s24::cpu
