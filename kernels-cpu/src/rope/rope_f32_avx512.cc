#include "avx512/floats.hpp"
#include "rope/rows.hpp"

namespace s24::cpu {

const KernelOf<RopeCall> rope_f32_avx512{rope_run<Avx512Floats, float>, nullptr};

}  // namespace s24::cpu
