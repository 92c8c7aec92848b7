#include "accumulate_norms/rows.hpp"
#include "avx512/lanes.hpp"

namespace s24::cpu {

const KernelOf<NormsCall> accumulate_norms_f16_avx512{accumulate_norms_run<Avx512Lanes, F16>, norms_workspace};

}  // namespace s24::cpu
