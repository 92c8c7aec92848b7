#include "adamw/step.hpp"
#include "avx512/floats.hpp"

namespace s24::cpu {

const KernelOf<AdamwCall> adamw_f32_avx512{adamw_run<Avx512Floats, float>, nullptr};

}  // namespace s24::cpu
