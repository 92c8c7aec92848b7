#include "avx2/floats.hpp"
#include "rope/rows.hpp"

namespace s24::cpu {

const KernelOf<RopeCall> rope_f16_avx2{rope_run<Avx2Floats, F16>, nullptr};

}  // namespace s24::cpu
