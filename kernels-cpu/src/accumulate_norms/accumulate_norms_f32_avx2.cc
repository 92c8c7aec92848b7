#include "accumulate_norms/rows.hpp"
#include "avx2/lanes.hpp"

namespace s24::cpu {

const KernelOf<NormsCall> accumulate_norms_f32_avx2{accumulate_norms_run<Avx2Lanes, float>, norms_workspace};

}  // namespace s24::cpu
