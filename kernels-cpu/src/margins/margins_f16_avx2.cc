#include "avx2/lanes.hpp"
#include "margins/rows.hpp"

namespace s24::cpu {

const KernelOf<MarginsCall> margins_f16_avx2{margins_run<Avx2Lanes, F16>, margins_workspace};

}  // namespace s24::cpu
