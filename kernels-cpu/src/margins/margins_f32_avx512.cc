#include "avx512/lanes.hpp"
#include "margins/rows.hpp"

namespace s24::cpu {

const KernelOf<MarginsCall> margins_f32_avx512{margins_run<Avx512Lanes, float>, margins_workspace};

}  // namespace s24::cpu
