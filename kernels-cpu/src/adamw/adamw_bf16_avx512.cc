#include "adamw/step.hpp"
#include "avx512/floats.hpp"

namespace s24::cpu {

const KernelOf<AdamwCall> adamw_bf16_avx512{adamw_run<Avx512Floats, Bf16>, nullptr};

}  // namespace s24::cpu
