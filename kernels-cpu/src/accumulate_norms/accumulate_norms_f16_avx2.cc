#include "accumulate_norms/rows.hpp"
#include "avx2/lanes.hpp"

namespace s24::cpu {

const KernelOf<NormsCall> accumulate_norms_f16_avx2{accumulate_norms_run<Avx2Lanes, F16>, norms_workspace};

}  // namespace s24::cpu
