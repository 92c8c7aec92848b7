#include "avx512/floats.hpp"
#include "rope/rows.hpp"

namespace s24::cpu {

const KernelOf<RopeCall> rope_bf16_avx512{rope_run<Avx512Floats, Bf16>, nullptr};

}  // namespace s24::cpu
