#include "adamw/step.hpp"
#include "avx2/floats.hpp"

namespace s24::cpu {

const KernelOf<AdamwCall> adamw_f32_avx2{adamw_run<Avx2Floats, float>, nullptr};

}  // namespace s24::cpu
