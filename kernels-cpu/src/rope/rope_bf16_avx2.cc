#include "avx2/floats.hpp"
#include "rope/rows.hpp"

namespace s24::cpu {

const KernelOf<RopeCall> rope_bf16_avx2{rope_run<Avx2Floats, Bf16>, nullptr};

}  // namespace s24::cpu
